"""Composes a message with a file, parses it in place, and saves the attachment: memory and time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bench.clients.report import parameters, timed
from hongyan import mime
from hongyan.mime.builder import Attachment, Draft, build_chunks, stamp

WRITER = mime.Address("Writer", "writer@example.test")


def main() -> None:
    given = parameters()
    source = Path(given["path"])
    composed, saved = source.with_suffix(".eml"), source.with_suffix(".saved")

    def work() -> tuple[int, int]:
        files = (Attachment("data.bin", source),)
        draft = Draft(
            from_=WRITER, to=(WRITER,), subject="One", text="One file.", attachments=files
        )
        with composed.open("wb") as file:
            file.writelines(build_chunks(stamp(draft, datetime.now(UTC))))
        with composed.open("rb") as file:
            message = mime.parse(mime.mapped(file))
        with saved.open("wb") as file:
            file.writelines(message.attachments[0].chunks())
        return 1, saved.stat().st_size

    timed(work)


main()
