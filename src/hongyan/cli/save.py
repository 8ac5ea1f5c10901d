"""``hongyan save``: attachments to files. Nothing is overwritten, nothing made executable."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hongyan import mime
from hongyan.cli.output import octets
from hongyan.errors import NotFound, StoreError
from hongyan.mime import names

if TYPE_CHECKING:
    from hongyan.app import App
    from hongyan.mime import Part


@click.command
@click.argument("message_id", metavar="ID")
@click.argument("part", type=click.IntRange(1), required=False)
@click.option(
    "--to",
    "folder",
    default=".",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder to save into; the current one by default.",
)
@click.pass_obj
def save(app: App, message_id: str, part: int | None, *, folder: Path) -> None:
    """Save all attachments of message ID, or only the one numbered PART in 'hongyan show'."""
    attachments = mime.parse(app.raw(message_id)).attachments
    if not attachments:
        raise NotFound(f"message {message_id} has no attachments")
    if part is not None and part > len(attachments):
        raise NotFound(f"message {message_id} has {len(attachments)} attachments, no number {part}")
    for each in attachments if part is None else [attachments[part - 1]]:
        path = save_part(each, folder)
        click.echo(f"{path} ({octets(path.stat().st_size)})")


def save_part(part: Part, folder: Path) -> Path:
    """Write the part's octets to a new plain file in ``folder`` and return its path (FAULTS 24).

    Raises `StoreError`; a file that could not be written whole is taken away again.
    """
    try:
        path, handle = _create(part.filename, folder)
        with os.fdopen(handle, "wb") as file:
            try:
                file.writelines(part.chunks())
                file.flush()
            except BaseException:
                path.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise StoreError(f"{folder}/ cannot take the file: {error.strerror}") from None
    return path


def _create(name: str | None, folder: Path) -> tuple[Path, int]:
    """Create a file that was not there, and no link to another either; return it open."""
    while True:
        path = folder / names.safe(name, taken=[each.name for each in folder.iterdir()])
        with suppress(FileExistsError):  # somebody was quicker: look again
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
