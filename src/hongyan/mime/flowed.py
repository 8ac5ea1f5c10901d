"""text/plain; format=flowed, and the quoting that goes with it (RFC 3676)."""

from __future__ import annotations


def joined(text: str, *, delete_space: bool = False) -> str:
    """Return ``text`` with its flowed lines joined to paragraphs; quote marks stay.

    ``delete_space`` is the parameter DelSp=yes (RFC 3676 §4.1). Signature separators never flow.
    """
    done: list[str] = []
    paragraph: list[str] = []
    depth = 0

    def close() -> None:
        if paragraph:
            marks = ">" * depth + " " if depth else ""
            done.append(marks + "".join(paragraph))
            paragraph.clear()

    for line in text.split("\n"):
        content = line.lstrip(">")
        quoted = len(line) - len(content)
        content = content.removeprefix(" ")
        if quoted != depth or content == "-- ":
            close()
            depth = quoted
        flows = content.endswith(" ") and content != "-- "
        paragraph.append(content[:-1] if flows and delete_space else content)
        if not flows:
            close()
    close()
    return "\n".join(done)
