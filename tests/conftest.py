"""What holds for all tests: a property has no deadline, since speed is measured in bench/ alone."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("hongyan", deadline=None)
settings.load_profile("hongyan")
