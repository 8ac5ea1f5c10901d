"""``hongyan verify``: prove that an export holds every octet."""

from __future__ import annotations

from pathlib import Path

import click

from hongyan.cli.check import advancing
from hongyan.cli.errors import DATA
from hongyan.cli.progress import progress
from hongyan.transfer import verify


@click.command("verify")
@click.argument("path", metavar="EXPORT", type=click.Path(exists=True, path_type=Path))
def verify_(path: Path) -> int:
    """Read every message of EXPORT back and compare it with the SHA-256 in the manifest.

    Needs no profile. Leaves with 65 when a message is missing or not what it was.
    """
    with progress() as report:
        good, faults = verify(path, advance=advancing(report, "Verifying"))
    for line in faults:
        click.echo(line)
    click.echo(f"{path}: {good} messages are whole, {len(faults)} faults")
    return DATA if faults else 0
