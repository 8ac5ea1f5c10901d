"""Finding the servers of a mail address: the table of providers, DNS, autoconfig, MX and guesses.

Pure but for the `Lookups` that the caller hands over. Nothing found here is believed: each server
is tried for real before an account uses it.
"""

from hongyan.discover.autoconfig import read_autoconfig
from hongyan.discover.find import candidates_of, find
from hongyan.discover.guess import guesses
from hongyan.discover.prove import Proof, Setup, prove
from hongyan.discover.providers import Provider, Providers
from hongyan.discover.srv import srv_names
from hongyan.discover.types import Candidate, Found, Lookups, Service, Source, Srv

__all__ = [
    "Candidate",
    "Found",
    "Lookups",
    "Proof",
    "Provider",
    "Providers",
    "Service",
    "Setup",
    "Source",
    "Srv",
    "candidates_of",
    "find",
    "guesses",
    "prove",
    "read_autoconfig",
    "srv_names",
]
