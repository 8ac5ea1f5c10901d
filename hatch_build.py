"""The build hook: what is installed, or packed into a wheel, holds the built page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent / "tools"))
import page


class PageBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own idiom
    """Builds ``web/`` into ``hongyan/server/page`` where that is not current."""

    def dependencies(self) -> list[str]:
        """Return what `initialize` needs: Node, where there is something to build."""
        return [] if page.is_current() else [page.NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # hatchling's signature
        """Build before the files are gathered."""
        if self.target_name == "wheel":
            page.build()
