"""One visit in a process of its own, to be killed: python one_visit.py HOME URL ADDRESS PASSWORD TIER [PATIENCE].

PATIENCE is an `imap_pace.Patience` as JSON.

It says so when it begins.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hongyan.sync.imap_pace import Patience
from hongyan.sync.imap_plan import Tier
from tests.sync.imap_profile import profile

if __name__ == "__main__":
    home, url, address, password, tier, *asked = sys.argv[1:]
    patience = Patience(**json.loads(asked[0] if asked else "{}"))
    with profile(Path(home), url, address, password, best=Tier[tier], patience=patience) as mine:
        print("begins", flush=True)
        mine.sync()
