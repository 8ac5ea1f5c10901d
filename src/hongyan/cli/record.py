"""``--record FILE``: keep what was said with the servers, every secret blotted out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from hongyan.app import Line


def _record(ctx: click.Context, _: click.Parameter, file: TextIO | None) -> None:
    def keep(line: Line) -> None:
        if file is not None:
            file.write(f"{line}\n")

    if file is not None:
        ctx.obj.record = keep


record_option = click.option(
    "--record",
    type=click.File("w", encoding="utf-8", lazy=False),
    expose_value=False,
    callback=_record,
    help="A file to keep the dialogue with the servers in, without secrets.",
)
