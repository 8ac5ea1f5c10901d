"""A certificate authority of the test run, and server certificates good and bad.

Clients trust it through the environment variable SSL_CERT_FILE, as a person would.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path

GOOD_NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files of a server: its chain, and its private key."""

    chain: Path
    key: Path


class Authority:
    """A throw-away certificate authority with its files in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._ca = trustme.CA()
        self._directory = directory
        self._issued = 0
        self.pem = directory / "authority.pem"
        self._ca.cert_pem.write_to_path(str(self.pem))

    def issue(self, *names: str, expired: bool = False) -> Certificate:
        """Return a new certificate for ``names`` (host names, addresses), or for loopback."""
        until = datetime.now(UTC) - timedelta(days=1) if expired else None
        issued = self._ca.issue_cert(*(names or GOOD_NAMES), not_after=until)
        self._issued += 1
        stem = self._directory / f"server-{self._issued}"
        certificate = Certificate(stem.with_suffix(".pem"), stem.with_suffix(".key"))
        certificate.chain.write_bytes(b"".join(c.bytes() for c in issued.cert_chain_pems))
        certificate.key.touch(mode=0o600)
        certificate.key.write_bytes(issued.private_key_pem.bytes())
        return certificate
