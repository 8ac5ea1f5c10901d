"""A throw-away certificate for loopback, made anew at each start and known by its fingerprint.

Nobody signs it but itself: the client pins ``fingerprint``, the SHA-256 of its DER form. The key
touches the disk only inside a private folder that is gone before the first connection, because
`ssl` loads keys from files alone.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID: Final = dt.timedelta(days=30)
LOOPBACK: Final = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Identity:
    """What the host shows of itself: a server's TLS context and its certificate's fingerprint."""

    context: ssl.SSLContext
    fingerprint: str


def make(now: dt.datetime) -> Identity:
    """Return a new self-signed identity for localhost, 127.0.0.1 and ::1, valid around ``now``."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key, now)
    return Identity(
        _context(_pem(key, certificate)), certificate.fingerprint(hashes.SHA256()).hex()
    )


def _certificate(key: ec.EllipticCurvePrivateKey, now: dt.datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hongyan demo host")])
    addresses = [x509.IPAddress(ipaddress.ip_address(each)) for each in LOOPBACK]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + VALID)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def _pem(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _context(pem: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryDirectory(prefix="hongyan-demo-") as folder:
        chain = Path(folder, "chain.pem")
        chain.write_bytes(pem)
        context.load_cert_chain(chain)
    return context
