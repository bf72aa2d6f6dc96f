"""Whole crawls, as a person starts them, of a shop in which everything goes wrong."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pyarrow.parquet as pq
import pytest
import yaml

from crawler.store.recorded import IMAGES, LOG
from demo_shop.faulty.faults import LASTING, PASSING, UNTRUSTED
from demo_shop.running import RunningShop
from fashion_pggan.storage.packed.in_shard import place_of
from tests.running import tries

REPOSITORY = Path(__file__).resolve().parents[2]
NOT_IMAGES = {*LASTING, *UNTRUSTED}
PASSES_LATER = 75  # exit status of what a further run may mend
CONNECTIONS, RETRIES, MAX_BYTES = 64, 2, 2_000_000
TIMEOUT_S = 8.0  # far more than the shop's slowest image takes, on a busy machine, too: 1.6 s
LONGEST_S = 900.0  # of one run: far more than the pace of a host that refuses takes
MOST_MB = 500.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


class Crawl:
    """One store and target, and a shop to fill them from."""

    def __init__(self, folder, shop, products):
        folder.mkdir()
        self.folder, self.shop, self.products = folder, shop, products
        values = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
        values["crawl"] |= {
            "provider": "demo",
            "queries": [f"shelf{number}" for number in range(-(-products // 1000))],
            "max_products": products,
            "delay_s": 0.0,
            "concurrent_requests": CONNECTIONS,
            "concurrent_per_host": CONNECTIONS,
            "retries": RETRIES,
            "timeout_s": TIMEOUT_S,
            "max_bytes": MAX_BYTES,
            "max_sharing": 1,  # a small drill has few placeholders
        }
        (folder / "params.yaml").write_text(yaml.safe_dump(values, allow_unicode=True))
        self.peak_mb = 0.0

    def start(self):
        command = [sys.executable, "-m", "crawler", str(self.folder / "raw")]
        for name, place in (("params", "params.yaml"), ("store", "store"), ("report", "report.json")):
            command += [f"--{name}", str(self.folder / place)]
        command += ["--tombstones", str(self.folder / "tombstones.jsonl")]
        with (self.folder / "said.txt").open("ab") as said:
            environment = {
                **os.environ,
                "FASHION_PGGAN_SHOP_URL": self.shop.url,
                "https_proxy": self.ledger()["proxy"],
                "SSL_CERT_FILE": str(self.folder.with_suffix(".pem")),
            }
            return subprocess.Popen(
                command, cwd=REPOSITORY, env=environment, stdout=said, stderr=said, process_group=0
            )

    def run(self):
        """Until it ends; returns its exit status."""
        crawl = self.start()
        began = time.monotonic()
        watched = psutil.Process(crawl.pid)
        while crawl.poll() is None:
            if time.monotonic() - began > LONGEST_S:
                crawl.kill()
                crawl.wait()
                raise AssertionError(f"the crawl hangs: {self.said()}")
            try:
                self.peak_mb = max(self.peak_mb, watched.memory_info().rss / 1e6)
            except psutil.NoSuchProcess:
                break
            time.sleep(0.1)
        return crawl.wait()

    def run_to_the_end(self):
        """As a person would: again when it says so, after the quota's midnight."""
        for _ in range(20):
            status = self.run()
            if status == 0 and not self.report()["failed"].get("HTTP_403"):  # the quota left some expired
                return
            assert status in (0, PASSES_LATER), self.said()
            request = urllib.request.Request(f"{self.shop.url}/faults/next-day", method="POST")
            with urllib.request.urlopen(request, timeout=10):
                pass
        raise AssertionError(f"the crawl never ends well: {self.said()}")

    def run_killed_at(self, event, count):
        """Killed as its store has `count` more of an event; 0: as it opens the store."""
        crawl = self.start()
        before, until = event(self.folder / "store"), time.monotonic() + LONGEST_S
        while event(self.folder / "store") < before + count or not self.opened_by(crawl.pid):
            assert crawl.poll() is None, f"it ended before it was killed: {self.said()}"
            assert time.monotonic() < until, f"the crawl hangs: {self.said()}"
            time.sleep(0.002)
        os.killpg(crawl.pid, signal.SIGKILL)
        crawl.wait()

    def opened_by(self, pid):
        """Whether a process has the store's log open."""
        return any(Path(file.path).name == LOG for file in psutil.Process(pid).open_files())

    def said(self):
        return (self.folder / "said.txt").read_text(errors="replace")[-3000:]

    def report(self):
        return json.loads((self.folder / "report.json").read_text())

    def stored(self):
        """SHA-256 by product; each file is what its record says."""
        table = pq.read_table(self.folder / "raw" / "records.parquet").to_pylist()
        found = {}
        for row in table:
            data = place_of(self.folder / "raw" / row["file"], row["offset"], row["size"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == row["sha256"]
            number = int(Path(urlsplit(row["url"]).path).name.partition("-")[0])
            assert number not in found, f"two records of {number}"
            found[number] = row["sha256"]
        return found

    def ledger(self):
        with urllib.request.urlopen(f"{self.shop.url}/faults", timeout=60) as answer:
            ledger = json.load(answer)
        ledger["products"] = {int(number): entry for number, entry in ledger["products"].items()}
        return ledger


def _shop(products, spec, sites):
    """A shop that fails; `sites` gets the certificates of other sites."""
    size = ("--products", str(products), "--repeat", "16")
    return RunningShop(*size, "--faults", spec, "--sites", str(sites))


def _to_be_had(entry):
    """Whether a crawl with these retries can have a product's image, and may."""
    lasting = entry["kind"] in PASSING and entry["passes_after"] is None
    return entry["kind"] not in NOT_IMAGES and not lasting


def test_every_product_is_stored_with_the_right_bytes_or_counted_and_nothing_hangs(tmp_path):
    products = tries(4_000, 10_000)
    spec = f"1,share=0.002,quota={products * 6 // 1000}"
    with _shop(products, spec, tmp_path / "crawl.pem") as shop:
        crawl = Crawl(tmp_path / "crawl", shop, products)
        crawl.run_to_the_end()
        ledger, stored, report = crawl.ledger(), crawl.stored(), crawl.report()
    assert len(ledger["products"]) == products, "some were never asked for"
    wanted = {number for number, entry in ledger["products"].items() if _to_be_had(entry)}
    wrong = Counter(ledger["products"][number]["kind"] for number in wanted ^ stored.keys())
    assert not wrong, "not stored though it could be, or stored though it must not be"
    assert all(ledger["products"][number]["sha256"] == digest for number, digest in stored.items())
    assert sum(report["failed"].values()) == products - len(stored), report["failed"]
    kinds = Counter(entry["kind"] for entry in ledger["products"].values())
    untrusted = {f"CERTIFICATE_{kind.upper()}": kinds[kind] for kind in UNTRUSTED}
    assert untrusted.items() <= report["failed"].items()
    assert ledger["trespasses"] == 0
    twice = [number for number in stored if ledger["products"][number]["delivered"] > 1]
    assert len(twice) <= 2 * kinds["page"], "asked again to see whether pages are refusals"
    assert crawl.peak_mb < MOST_MB


def _files(store):
    return sum(len(names) for _, _, names in os.walk(store / IMAGES))


def _lines(store):
    with suppress(FileNotFoundError):
        return (store / LOG).read_bytes().count(b"\n")
    return 0


def test_a_crawl_killed_at_events_has_what_an_undisturbed_one_has(tmp_path):
    kills = tries(10, 20)
    products, spec = 300 * kills, f"2,share={0.01 / kills}"
    with _shop(products, spec, tmp_path / "undisturbed.pem") as shop:
        undisturbed = Crawl(tmp_path / "undisturbed", shop, products)
        undisturbed.run_to_the_end()
        expected = undisturbed.stored()
    seeded = random.Random(6)
    with _shop(products, spec, tmp_path / "killed.pem") as shop:
        crawl = Crawl(tmp_path / "killed", shop, products)
        for number in range(kills):
            event = (_files, _lines)[number % 2]
            crawl.run_killed_at(event, seeded.randint(1, 250) if number % 5 else 0)
        crawl.run_to_the_end()
        ledger, stored = crawl.ledger(), crawl.stored()
    assert stored == expected
    again = sum(max(0, entry["delivered"] - 1) for entry in ledger["products"].values())
    assert again <= kills * CONNECTIONS, f"{again} images were fetched twice"
    assert ledger["trespasses"] == 0
