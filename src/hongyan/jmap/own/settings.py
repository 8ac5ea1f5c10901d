"""Settings/get and /set: what the person chose, as a flat object of JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.jmap.arguments import json_object

if TYPE_CHECKING:
    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json


def get(call: Call) -> Json:
    """Answer Settings/get."""
    call.end()
    return {"settings": call.store.settings.all()}


def set_(call: Call) -> Json:
    """Answer Settings/set: null takes a setting away."""
    update = call.take("update", json_object)
    call.end()
    call.store.settings.update(update)
    return {"settings": call.store.settings.all()}
