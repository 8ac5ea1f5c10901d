"""What a server's certificate says of itself (RFC 5280)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from hongyan.guard import shown

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Certificate:
    """Names and times of a certificate; ``fingerprint`` is its SHA-256 in hex.

    ``names`` are the hosts that it is for; an issuer's has none, and its name in ``subject``.
    """

    names: tuple[str, ...]
    subject: str
    issuer: str
    begins: datetime
    ends: datetime
    fingerprint: str
    self_signed: bool


def read_certificate(der: bytes) -> Certificate | None:
    """Return what a certificate in DER says, or None when it is none."""
    try:
        found = x509.load_der_x509_certificate(der)
        return Certificate(
            _names(found),
            shown(found.subject.rfc4514_string(), limit=200),
            shown(found.issuer.rfc4514_string(), limit=200),
            found.not_valid_before_utc,
            found.not_valid_after_utc,
            hashlib.sha256(der).hexdigest(),
            found.issuer == found.subject,
        )
    except (ValueError, x509.ExtensionNotFound, x509.UnsupportedGeneralNameType):
        return None


def _names(found: x509.Certificate) -> tuple[str, ...]:
    """Return the names that count: those of the subject's alternative name (RFC 9525 §6)."""
    try:
        alternative = found.extensions.get_extension_for_oid(
            ExtensionOID.SUBJECT_ALTERNATIVE_NAME
        ).value
    except x509.ExtensionNotFound:
        return ()
    if not isinstance(alternative, x509.SubjectAlternativeName):
        return ()
    hosts = alternative.get_values_for_type(x509.DNSName)
    addresses = map(str, alternative.get_values_for_type(x509.IPAddress))
    return tuple(shown(name, limit=253) for name in (*hosts, *addresses))
