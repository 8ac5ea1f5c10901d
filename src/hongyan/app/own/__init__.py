"""What our own capability offers beyond the store: accounts, activity, outbox, the wire.

``docs/protocols/hongyan.md`` is the contract; one file for each noun. The methods stand here and
not in `hongyan.jmap` because they reach the network and the workers, which that room may not.
"""

from hongyan.app.own.events import EVENTS, relay
from hongyan.app.own.methods import own_methods

__all__ = ["EVENTS", "own_methods", "relay"]
