"""Fuzz target: mbox files, manifests, and the way out and back of any octets."""

from __future__ import annotations

import io

from hongyan import mime
from hongyan.errors import InvalidArgument
from hongyan.transfer import forms, manifest, mbox, sources


def one(data: bytes) -> None:
    """Read ``data`` as an mbox and as a manifest, and write it as a message; raise on a bug."""
    at = 0
    for span in mbox.spans(data):
        assert at <= span.start <= span.end <= len(data)
        sources.told(mime.parse(b"".join(mbox.chunks(data, span, mboxo=False))))
        at = span.end
    form = forms.form_of(data)
    out = b"".join(forms.written(data, form, quoted=True))
    assert b"".join(forms.restored(out, 0, len(out), form=form, quoted=True)) == data
    try:
        for entry in manifest.read(io.BytesIO(data)):
            assert not entry.file.startswith("/")
    except InvalidArgument:
        return
