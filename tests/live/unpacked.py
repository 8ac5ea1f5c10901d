"""Servers whose packages cannot be installed beside others: `.ci/install-debian` only unpacks them."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

CACHES = Path("/var/cache/hongyan-tests")


def libraries(cache: Path) -> str:
    """Return the LD_LIBRARY_PATH of what was unpacked into ``cache``."""
    return ":".join(map(str, (*cache.glob("usr/lib"), *cache.glob("**/lib/*-linux-gnu"))))


def account() -> pwd.struct_passwd:
    """Return `nobody` for root, and otherwise the account that runs the tests."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
