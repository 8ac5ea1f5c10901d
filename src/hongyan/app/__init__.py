"""The composition root: everything is made here and handed on by constructor argument.

An `App` is one profile; what can be done with it stands in the files beside, one for each thing.
Each is loaded when it is asked for (PEP 562): most commands need little of it, and start quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hongyan.app.accounts import AccountChange, NewAccount
    from hongyan.app.clock import now
    from hongyan.app.console import LiveConsole, open_console
    from hongyan.app.demo import demo_profile, move_in
    from hongyan.app.network import Network
    from hongyan.app.profile import App, ask_nobody
    from hongyan.app.servers import Check, urls_of
    from hongyan.app.serving import Service, serve_until_told
    from hongyan.app.signing_in import SignIn
    from hongyan.app.staff import SERVE
    from hongyan.config import Config
    from hongyan.discover import Proof, Setup
    from hongyan.doctor import Finding
    from hongyan.net.console import Expects
    from hongyan.net.record import Direction, Line
    from hongyan.oauth import DeviceGrant as Device
    from hongyan.server import TLS, Address, Server
    from hongyan.sync.activity import Activity, Doing
    from hongyan.sync.imap_tour import Synced
    from hongyan.sync.pop3 import Collected
    from hongyan.sync.progress import Progress, Report, silent

__all__ = [
    "SERVE",
    "TLS",
    "AccountChange",
    "Activity",
    "Address",
    "App",
    "Check",
    "Collected",
    "Config",
    "Device",
    "Direction",
    "Doing",
    "Expects",
    "Finding",
    "Line",
    "LiveConsole",
    "Network",
    "NewAccount",
    "Progress",
    "Proof",
    "Report",
    "Server",
    "Service",
    "Setup",
    "SignIn",
    "Synced",
    "ask_nobody",
    "demo_profile",
    "move_in",
    "now",
    "open_console",
    "serve_until_told",
    "silent",
    "urls_of",
]

_HOMES: Final = {
    "AccountChange": "hongyan.app.accounts:AccountChange",
    "Activity": "hongyan.sync.activity:Activity",
    "Address": "hongyan.server:Address",
    "App": "hongyan.app.profile:App",
    "Check": "hongyan.app.servers:Check",
    "Collected": "hongyan.sync.pop3:Collected",
    "Config": "hongyan.config:Config",
    "Device": "hongyan.oauth:DeviceGrant",
    "Direction": "hongyan.net.record:Direction",
    "Doing": "hongyan.sync.activity:Doing",
    "Expects": "hongyan.net.console:Expects",
    "Finding": "hongyan.doctor:Finding",
    "Line": "hongyan.net.record:Line",
    "LiveConsole": "hongyan.app.console:LiveConsole",
    "Network": "hongyan.app.network:Network",
    "NewAccount": "hongyan.app.accounts:NewAccount",
    "Progress": "hongyan.sync.progress:Progress",
    "Proof": "hongyan.discover:Proof",
    "Report": "hongyan.sync.progress:Report",
    "SERVE": "hongyan.app.staff:SERVE",
    "Server": "hongyan.server:Server",
    "Service": "hongyan.app.serving:Service",
    "Setup": "hongyan.discover:Setup",
    "SignIn": "hongyan.app.signing_in:SignIn",
    "Synced": "hongyan.sync.imap_tour:Synced",
    "TLS": "hongyan.server:TLS",
    "ask_nobody": "hongyan.app.profile:ask_nobody",
    "demo_profile": "hongyan.app.demo:demo_profile",
    "move_in": "hongyan.app.demo:move_in",
    "now": "hongyan.app.clock:now",
    "open_console": "hongyan.app.console:open_console",
    "serve_until_told": "hongyan.app.serving:serve_until_told",
    "silent": "hongyan.sync.progress:silent",
    "urls_of": "hongyan.app.servers:urls_of",
}


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'hongyan.app' has no attribute {name!r}")
    module, _, original = _HOMES[name].partition(":")
    return getattr(import_module(module), original)
