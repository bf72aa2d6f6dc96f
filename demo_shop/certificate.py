"""Self-signed certificates, so that a shop on loopback speaks TLS."""

import ipaddress
import ssl
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fashion_pggan.storage.building import scratch_folder
from fashion_pggan.storage.files import write_bytes
from fashion_pggan.storage.outputs import WRITTEN_BY

LOCAL = ("localhost", "127.0.0.1", "::1")
DAYS = 2  # that a certificate is valid


def new_pair(names: Sequence[str] = LOCAL, days: int = DAYS) -> tuple[bytes, bytes]:
    """A certificate for some names and addresses, and its key, both PEM.

    Args:
        names: of the server.
        days: from now on that it is valid; below 0: it has expired.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return _signed(key, names, days).public_bytes(serialization.Encoding.PEM), secret


def new_certificate(file: Path) -> ssl.SSLContext:
    """Make a key and a certificate.

    Args:
        file: where to write the certificate, for clients to trust (SSL_CERT_FILE); the key is not kept.

    Returns:
        The context for a server.
    """
    certificate, secret = new_pair()
    write_trusted(file, [certificate])
    return context_of(certificate, secret)


def write_trusted(file: Path, certificates: Iterable[bytes]) -> None:
    """Write certificates for clients to trust."""
    write_bytes(file, b"".join([f"{WRITTEN_BY}\n".encode(), *certificates]))


def context_of(certificate: bytes, secret: bytes) -> ssl.SSLContext:
    """The context of a server with a certificate and its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with scratch_folder() as folder:
        both = folder / "both.pem"  # ssl reads only files
        both.touch(mode=0o600)
        both.write_bytes(secret + certificate)
        context.load_cert_chain(both)
    return context


def _signed(key: ec.EllipticCurvePrivateKey, names: Sequence[str], days: int) -> x509.Certificate:
    # a subject for each: with one for all, OpenSSL may take another one for the issuer
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"demo shop as {names[0]}")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=DAYS))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([*map(_named, names)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )


def _named(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
