"""The composition root: everything is made here and handed on by constructor argument.

An `App` is one profile; what can be done with it stands in the files beside, one for each thing.
"""

from __future__ import annotations

from hongyan.app.accounts import NewAccount
from hongyan.app.clock import now
from hongyan.app.console import LiveConsole, open_console
from hongyan.app.demo import demo_profile, move_in
from hongyan.app.network import Network
from hongyan.app.profile import App, ask_nobody
from hongyan.app.servers import Check, urls_of
from hongyan.app.serving import Service, serve_until
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
    "serve_until",
    "silent",
    "urls_of",
]
