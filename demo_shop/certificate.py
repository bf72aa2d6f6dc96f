"""A self-signed certificate, so that a shop on loopback speaks TLS."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fashion_pggan.storage.building import scratch_folder
from fashion_pggan.storage.files import write_bytes
from fashion_pggan.storage.outputs import WRITTEN_BY

VALID = timedelta(days=2)


def new_pair() -> tuple[bytes, bytes]:
    """A certificate for localhost, 127.0.0.1 and ::1, and its key, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return _signed(key).public_bytes(serialization.Encoding.PEM), secret


def new_certificate(file: Path) -> ssl.SSLContext:
    """Make a key and a certificate.

    Args:
        file: where to write the certificate, for clients to trust (SSL_CERT_FILE); the key is not kept.

    Returns:
        The context for a server.
    """
    certificate, secret = new_pair()
    write_bytes(file, f"{WRITTEN_BY}\n".encode() + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with scratch_folder() as folder:
        both = folder / "both.pem"  # ssl reads only files
        both.touch(mode=0o600)
        both.write_bytes(secret + certificate)
        context.load_cert_chain(both)
    return context


def _signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "demo shop on loopback")])
    places = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *places]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
