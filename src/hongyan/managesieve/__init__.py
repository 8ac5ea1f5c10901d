"""The ManageSieve engine and its operations: scripts on a mail server (RFC 5804)."""

from hongyan.managesieve.connection import Connection
from hongyan.managesieve.flows import (
    activate,
    capability,
    check,
    delete,
    get,
    list_scripts,
    login,
    logout,
    open_session,
    put,
)
from hongyan.managesieve.types import Capabilities, Reply, Script, State, Status

__all__ = [
    "Capabilities",
    "Connection",
    "Reply",
    "Script",
    "State",
    "Status",
    "activate",
    "capability",
    "check",
    "delete",
    "get",
    "list_scripts",
    "login",
    "logout",
    "open_session",
    "put",
]
