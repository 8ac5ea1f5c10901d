"""Hongyan (鸿雁): a mail client built from the socket up."""

from typing import Final

__version__: Final = "0.1.0"
