"""One visit in a process of its own, to be killed: python one_visit.py HOME URL ADDRESS PASSWORD TIER.

It says so when it begins.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hongyan.sync.imap_plan import Tier
from tests.sync.imap_profile import profile

if __name__ == "__main__":
    home, url, address, password, tier = sys.argv[1:]
    with profile(Path(home), url, address, password, best=Tier[tier]) as mine:
        print("begins", flush=True)
        mine.sync()
