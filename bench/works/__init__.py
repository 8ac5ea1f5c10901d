"""One file a work: what is measured, by which clients, and which bars Hongyan has to meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from bench.works import (
    gui,
    idle,
    imap,
    imapsync,
    memory,
    mime,
    pop3,
    roundtrips,
    server,
    smtp,
    store,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.plan import Plan
    from bench.site import Site
    from bench.table import Table

Work: TypeAlias = "Callable[[Site, Plan], Iterator[Table]]"

WORKS: dict[str, Work] = {
    "pop3": pop3.run,
    "smtp": smtp.run,
    "imap": imap.run,
    "memory": memory.run,
    "roundtrips": roundtrips.run,
    "mime": mime.run,
    "store": store.run,
    "imapsync": imapsync.run,
    "server": server.run,
    "gui": gui.run,
    "idle": idle.run,
}
