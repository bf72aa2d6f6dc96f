"""A connection that libcurl opens and does not read: gateway and proxy stay as for every request."""

import asyncio
import socket
import ssl
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pycurl
from scrapy import exceptions

from crawler.answer.failures import RefusedError, certificate_reason_of
from crawler.answer.raw_answer import RawAnswer
from crawler.network.public import named_port_of
from crawler.network.transfers import READ_BYTES

OURS = (b"Host", b"Connection", b"Proxy-Authorization")


class Exchange(NamedTuple):
    """One request and its answer on a connection."""

    site: str  # URL of the host to connect to: the request's, or of a proxy that is asked by http
    text: bytes  # the request

    @classmethod
    def of(cls, request: Any, target: str, proxy: str) -> "Exchange":
        """The exchange of a request without a body, whose request line names `target`."""
        is_to_proxy = not target.startswith("/")
        lines = [f"GET {target} HTTP/1.1".encode(), b"Host: " + urlsplit(request.url).netloc.encode()]
        for name, values in request.headers.items():
            if name not in OURS or (is_to_proxy and name == b"Proxy-Authorization"):
                lines += [name + b": " + value for value in values]
        return cls(
            proxy if is_to_proxy else request.url, b"\r\n".join([*lines, b"Connection: close", b"", b""])
        )

    def set(self, easy: Any) -> None:
        """Make libcurl connect, through a proxy's tunnel if the request is not to the proxy, and no more."""
        parts = urlsplit(self.site)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        easy.setopt(pycurl.URL, f"http://{host}:{named_port_of(self.site).rpartition(':')[2]}/")
        easy.setopt(pycurl.CONNECT_ONLY, 1)
        easy.setopt(pycurl.HTTPPROXYTUNNEL, 1)
        if self.text.partition(b" ")[2][:1] != b"/":
            easy.setopt(pycurl.PROXY, "")

    async def run(self, connection: socket.socket, raw: RawAnswer, tls: ssl.SSLContext) -> None:
        """Send the request and read the answer, as much of it as is wanted.

        Raises:
            RefusedError: the certificate is refused.
            ResponseDataLossError: the connection breaks.
        """
        parts = urlsplit(self.site)
        secured, name = (tls, parts.hostname) if parts.scheme == "https" else (None, None)
        try:
            reader, writer = await asyncio.open_connection(sock=connection, ssl=secured, server_hostname=name)
        except ssl.SSLCertVerificationError as error:
            raise RefusedError(certificate_reason_of(str(error)), f"{self.site}: {error}") from error
        except OSError as error:
            raise exceptions.ResponseDataLossError(f"{self.site}: {error}") from error
        try:
            writer.write(self.text)
            while (chunk := await reader.read(READ_BYTES)) and not raw.take(chunk):
                pass
        except OSError as error:
            raise exceptions.ResponseDataLossError(f"{self.site}: {error}") from error
        finally:
            writer.transport.abort()
