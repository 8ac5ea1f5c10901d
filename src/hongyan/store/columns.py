"""Lists of addresses as a column keeps them: JSON, [[name, email], …]."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hongyan.mime.types import Address

if TYPE_CHECKING:
    from collections.abc import Iterable


def addresses_out(addresses: Iterable[Address]) -> str:
    """Return the column's text for ``addresses``."""
    return json.dumps([(address.name, address.email) for address in addresses], ensure_ascii=False)


def addresses_in(text: str) -> tuple[Address, ...]:
    """Return the addresses in a column's text."""
    return tuple(Address(name, email) for name, email in json.loads(text))
