"""`python -m benchmarks.crawling.crawl`: downloaders of images side by side, on one shop on loopback.

The shop is a Python program and uses about as much of the machine as the downloader that is measured. With
--nginx, nginx serves the images. Every way fetches the same images through 64 connections in separate
processes; the ways take turns, round after round. The rate counts from the first written image to the last,
so it leaves out the start and the end of a run; the store's log shows ours, to a tenth of a second. For the
same reason, the CPU time of a run of a hundred images is subtracted. Memory is the largest sum of
proportional set sizes of a way's processes.
"""

import argparse
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil
import yaml

from benchmarks.crawling.clients import CONNECTIONS, SHELF
from benchmarks.crawling.nginx import Nginx
from demo_shop.goods.repeated import Stamped
from demo_shop.running import RunningShop
from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import UserError

FIRST = 100  # images of the run whose CPU time is subtracted
SAMPLE_S = 0.1  # seconds between two looks at memory
LONGEST_S = 300.0  # seconds of one run
GARMENTS = 16
OURS = "ours"
ENDINGS = (".jpg", ".jpeg")
IMG2DATASET = """
import sys
from img2dataset import download
if __name__ == "__main__":
    download(
        url_list=sys.argv[1], output_folder=sys.argv[2], input_format="txt", output_format="files",
        resize_mode="no", disable_all_reencoding=True, processes_count=2, thread_count=int(sys.argv[3]) // 2,
        number_sample_per_shard=int(sys.argv[4]), timeout=30, retries=0, enable_wandb=False,
    )
"""


class Cost(NamedTuple):
    """What a run took."""

    images: int  # files in the end
    span_s: float  # seconds from the first file to the last
    seconds: float  # of the whole run
    cpu_s: float  # seconds, children included
    peak_mb: float


class Speed(NamedTuple):
    """What a run shows about its way."""

    rate: float  # images a second
    cpu_ms: float  # of an image
    peak_mb: float
    seconds: float  # of the whole run


@dataclass(frozen=True)
class Bench:
    """What all runs share."""

    folder: Path
    certificate: Path | None
    img2dataset: str  # a Python that has it; empty: none
    url: str  # of the shop

    def run(self, way: str, images: int) -> Cost:
        """Fetch a number of images in one way."""
        target = self.folder / "target"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        urls = self.folder / "urls.txt"
        urls.write_text("".join(f"{self.url}/images/{n:06d}-x.jpg\n" for n in range(images)))
        began = time.monotonic()
        with (self.folder / "said.txt").open("wb") as said:
            process = subprocess.Popen(
                self._command(way, urls, target, images),
                env=self._environment(),
                stdout=said,
                stderr=subprocess.STDOUT,
            )
            log = self.folder / "store/fetched.jsonl"  # ours has a line per image, until the store is packed
            cpu_s, peak_mb, written = _watch(process, log)
        seconds = time.monotonic() - began
        if way == OURS:
            kept = int(json.loads((self.folder / "crawl.json").read_text())["images"])
        else:
            written = sorted(file.stat().st_mtime for file in target.rglob("*") if file.suffix in ENDINGS)
            kept = len(written)
        if kept != images:
            last = (self.folder / "said.txt").read_text(errors="replace").strip().splitlines()[-12:]
            print(f"{way}: {kept} of {images} images were kept", *last, sep="\n")
        span_s = written[-1] - written[0] if written else 0.0
        return Cost(kept, span_s, seconds, cpu_s, peak_mb)

    def _command(self, way: str, urls: Path, target: Path, images: int) -> list[str]:
        if way == OURS:
            return self._ours(target, images)
        if way == "img2dataset":
            script = self.folder / "run_img2dataset.py"
            script.write_text(IMG2DATASET)
            shard = max(1, min(1000, images // 4))
            return [self.img2dataset, str(script), str(urls), str(target), str(CONNECTIONS), str(shard)]
        name = {"FilesPipeline": "files", "ImagesPipeline": "images"}.get(way, "aiohttp")
        return [sys.executable, "-m", "benchmarks.crawling.clients", name, str(urls), str(target)]

    def _ours(self, target: Path, images: int) -> list[str]:
        params = self.folder / "params.yaml"
        values = yaml.safe_load(Path("params.yaml").read_text())
        crawl = values["crawl"]
        shelves = [f"shelf{number}" for number in range(-(-images // SHELF))]
        wanted = {"provider": "demo", "queries": shelves, "max_products": images, "delay_s": 0.0}
        wanted |= {"concurrent_requests": CONNECTIONS, "concurrent_per_host": CONNECTIONS}
        crawl |= {name: value for name, value in wanted.items() if name in crawl}
        params.write_text(yaml.safe_dump(values, allow_unicode=True))
        places = {"params": params, "target": target / "raw", "store": self.folder / "store"}
        places["report"] = self.folder / "crawl.json"
        if "concurrent_per_host" in crawl:
            places["tombstones"] = self.folder / "tombstones.jsonl"
        shutil.rmtree(places["store"], ignore_errors=True)
        options = [part for name, place in places.items() for part in ("-a", f"{name}={place}")]
        return [sys.executable, "-m", "scrapy", "crawl", "naver_tops", *options]

    def _environment(self) -> dict[str, str]:
        environment = {**os.environ, "FASHION_PGGAN_SHOP_URL": self.url}
        return environment | ({"SSL_CERT_FILE": str(self._trusted())} if self.certificate else {})

    def _trusted(self) -> Path:
        """The shop's certificate after the system's: reading them all for each connection costs time."""
        assert self.certificate is not None
        system = ssl.get_default_verify_paths().cafile
        bundle = self.folder / "trusted.pem"
        bundle.write_bytes((Path(system).read_bytes() if system else b"") + self.certificate.read_bytes())
        return bundle


def main() -> None:
    """Print a table for http and one for https."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crawling.crawl", description=__doc__)
    parser.add_argument("--images", type=int, default=2000, help="of each run (default: 2000)")
    parser.add_argument("--bytes", type=int, default=325_000, help="of each image (default: 325000)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--img2dataset", default="", help="the Python of an environment that has img2dataset")
    parser.add_argument("--scheme", choices=("http", "https", "both"), default="both")
    parser.add_argument("--nginx", action="store_true", help="serve the images by nginx")
    parser.add_argument("--ways", nargs="*", help=f"of {', '.join(WAYS)} (default: all)")
    arguments = parser.parse_args()
    ways = arguments.ways or list(WAYS)
    if unknown := set(ways) - set(WAYS):
        raise UserError(f"--ways {' '.join(unknown)}: there are {', '.join(WAYS)}")
    if "img2dataset" in ways and not arguments.img2dataset:
        print("img2dataset is left out: give --img2dataset PYTHON, of an environment that has it")
        ways.remove("img2dataset")
    schemes = ("http", "https") if arguments.scheme == "both" else (arguments.scheme,)
    for scheme in schemes:
        server = f"{scheme}{' by nginx' if arguments.nginx else ''}"
        print(f"\n{server}, {arguments.images} images of {arguments.bytes} bytes, {CONNECTIONS} connections")
        _table(_measured(arguments, scheme, ways))


WAYS = (OURS, "FilesPipeline", "ImagesPipeline", "img2dataset", "aiohttp")


def _measured(arguments: argparse.Namespace, scheme: str, ways: list[str]) -> dict[str, list[Speed]]:
    """Every way in every round."""
    speeds: dict[str, list[Speed]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        certificate = Path(folder, "shop.pem") if scheme == "https" else None
        with _serving(arguments, Path(folder), certificate) as url:
            bench = Bench(Path(folder), certificate, arguments.img2dataset, url)
            first = {way: bench.run(way, FIRST) for way in ways}
            for round_ in range(arguments.rounds):
                for way in ways if round_ % 2 == 0 else reversed(ways):
                    speeds[way].append(_speed(first[way], bench.run(way, arguments.images)))
                    print(f"round {round_ + 1} {way}: {speeds[way][-1].rate:.0f}/s", file=sys.stderr)
    return speeds


@contextmanager
def _serving(arguments: argparse.Namespace, folder: Path, certificate: Path | None) -> Iterator[str]:
    """The shop's address; `folder` is for what its server needs."""
    products = -(-arguments.images // SHELF) * SHELF
    options = [
        "--products",
        str(products),
        "--repeat",
        str(GARMENTS),
        "--image-bytes",
        str(arguments.bytes),
    ]
    if not arguments.nginx:
        with RunningShop(*options, *(["--tls", str(certificate)] if certificate else [])) as shop:
            yield shop.url
        return
    place = folder / "nginx"
    place.mkdir()
    nginx = Nginx(place, Stamped(products, GARMENTS, arguments.bytes), certificate)
    with RunningShop(*options, "--public-url", nginx.url) as shop, nginx.serve(shop.url):
        yield nginx.url


def _speed(first: Cost, run: Cost) -> Speed:
    rate = (run.images - 1) / run.span_s if run.span_s else 0.0
    cpu_ms = 1000 * (run.cpu_s - first.cpu_s) / max(run.images - first.images, 1)
    return Speed(rate, cpu_ms, run.peak_mb, run.seconds)


def _table(speeds: dict[str, list[Speed]]) -> None:
    print("\n| way | images/s | slowest | fastest | ours / it | CPU ms | peak MB | whole run, s |")
    print("|---|---|---|---|---|---|---|---|")
    for way, runs in speeds.items():
        ratios = [
            ours.rate / run.rate for ours, run in zip(speeds.get(OURS, ()), runs, strict=False) if run.rate
        ]
        rates = [run.rate for run in runs]
        rate, cpu_ms, peak, seconds = (median(values) for values in zip(*runs, strict=True))
        print(
            f"| {way} | {rate:.0f} | {min(rates):.0f} | {max(rates):.0f} "
            f"| {f'{median(ratios):.2f}' if ratios else ''} | {cpu_ms:.2f} | {peak:.0f} | {seconds:.1f} |",
            flush=True,
        )


def _watch(process: "subprocess.Popen[bytes]", log: Path) -> tuple[float, float, list[float]]:
    """CPU seconds of a process and its children, their peak memory in MB, and when a log was seen to grow.

    Too long a run is ended.
    """
    ended, peak, grown, size = threading.Event(), [0.0], list[float](), 0

    def look() -> None:
        nonlocal size
        while not ended.wait(SAMPLE_S):
            peak[0] = max(peak[0], _memory_mb(process.pid))
            with suppress(FileNotFoundError):
                before, size = size, log.stat().st_size
                if size > before:
                    grown.append(time.monotonic())

    watcher = threading.Thread(target=look)
    timer = threading.Timer(LONGEST_S, process.kill)
    watcher.start()
    timer.start()
    try:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0  # wait4 has already read its status
    finally:  # an interruption ends the run too
        timer.cancel()
        ended.set()
        watcher.join()
        if process.returncode is None:
            process.terminate()
    return usage.ru_utime + usage.ru_stime, peak[0], grown


def _memory_mb(pid: int) -> float:
    total = 0
    with suppress(psutil.Error):
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            with suppress(psutil.Error):
                total += process.memory_full_info().pss
    return total / 1e6


if __name__ == "__main__":
    run_command(main)
