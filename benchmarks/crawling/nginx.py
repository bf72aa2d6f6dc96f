"""nginx in front of the demo shop: it serves the images from disk and uses little of the machine."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from demo_shop.certificate import new_pair
from demo_shop.goods.repeated import Stamped
from fashion_pggan.errors import UserError
from fashion_pggan.loopback import free_port

START_S = 10.0  # seconds
CONFIGURATION = """
{user}
daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  keepalive_requests 1000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port}{tls};
    location ~ ^/images/([0-9]+)- {{ alias {folder}/images/$1.jpg; types {{}} default_type image/jpeg; }}
    location / {{ proxy_pass {shop}; }}
  }}
}}
"""


class Nginx:
    """A server of a shop's images; it passes other requests on to the shop. Use as a context manager.

    Args:
        folder: for the images and nginx's own files.
        catalogue: the images.
        certificate: speak https; where its certificate is written. None: http.

    Raises:
        UserError: nginx is not installed, or does not start.
    """

    def __init__(self, folder: Path, catalogue: Stamped, certificate: Path | None) -> None:
        program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            raise UserError("nginx is not installed: install it (Debian: nginx-light), or leave out --nginx")
        self.program, self.folder, self.port, self.tls = program, folder, free_port(), ""
        (folder / "images").mkdir()
        for index in range(len(catalogue)):
            (folder / "images" / f"{index:06d}.jpg").write_bytes(catalogue.image(index))
        if certificate is not None:
            public, secret = new_pair()
            certificate.write_bytes(public)
            key = folder / "key.pem"
            key.touch(mode=0o600)
            key.write_bytes(secret)
            self.tls = f" ssl; ssl_certificate {certificate}; ssl_certificate_key {key}"
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"

    def serve(self, shop: str) -> Self:
        """Set the shop that gets the other requests."""
        user = "user root;" if os.geteuid() == 0 else ""  # else its workers cannot read the folder
        text = CONFIGURATION.format(folder=self.folder, port=self.port, tls=self.tls, shop=shop, user=user)
        (self.folder / "nginx.conf").write_text(text)
        return self

    def __enter__(self) -> Self:
        command = [self.program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        self.process = subprocess.Popen(command)
        until = time.monotonic() + START_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except ConnectionRefusedError:
                time.sleep(0.05)
        self.process.kill()
        raise UserError("nginx did not start: read its error above")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait()
