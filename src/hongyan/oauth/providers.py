"""The providers that are known without their metadata, ``providers.toml``."""

from __future__ import annotations

import tomllib
from importlib import resources

from hongyan.oauth.types import Provider


def load_providers() -> dict[str, Provider]:
    """Return the table by name."""
    text = (resources.files(__package__) / "providers.toml").read_text("utf-8")
    return {
        name: Provider(
            name,
            row["authorise_url"],
            row["token_url"],
            row.get("device_url", ""),
            tuple(row["scopes"]),
        )
        for name, row in tomllib.loads(text).items()
    }
