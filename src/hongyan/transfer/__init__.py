"""Mail in and out: exports that prove themselves, and imports of what other programs keep."""

from __future__ import annotations

from hongyan.transfer.export import Format, export
from hongyan.transfer.importing import Imported, Importer
from hongyan.transfer.verify import verify

__all__ = ["Format", "Imported", "Importer", "export", "verify"]
