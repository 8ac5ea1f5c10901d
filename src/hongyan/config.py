"""Settings of a run: where the profile lives. Frozen values, nothing global.

The place is ``--home``, else the environment's ``HONGYAN_HOME``, else the platform's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Config:
    """What every command needs to know."""

    home: Path


def load(home: Path | None, environment: Mapping[str, str]) -> Config:
    """Return the settings for ``home`` as given on the command line, or None when it was not."""
    chosen = home or Path(environment.get("HONGYAN_HOME") or _usual_home())
    return Config(chosen.expanduser().absolute())


def _usual_home() -> Path:
    from platformdirs import user_data_path

    return user_data_path("hongyan")
