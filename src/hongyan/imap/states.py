"""Which command has its place in which state, and what it leads to (RFC 9051 §3, §5.5, §6).

The table and the sets are all there is of rules; `connection` holds to them.
"""

from __future__ import annotations

from typing import Final

from hongyan.imap.types import State, Verb

_ANY: Final = (State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED)
_IN: Final = (State.AUTHENTICATED, State.SELECTED)

# (state, command) -> (state after OK, state after NO or BAD)
TRANSITIONS: Final[dict[tuple[State, Verb], tuple[State, State]]] = {
    **{
        (state, verb): (state, state)
        for state in _ANY
        for verb in (Verb.CAPABILITY, Verb.NOOP, Verb.ID)
    },
    **{(state, Verb.LOGOUT): (State.LOGOUT, State.LOGOUT) for state in _ANY},
    (State.NOT_AUTHENTICATED, Verb.STARTTLS): (State.NOT_AUTHENTICATED, State.NOT_AUTHENTICATED),
    **{
        (State.NOT_AUTHENTICATED, verb): (State.AUTHENTICATED, State.NOT_AUTHENTICATED)
        for verb in (Verb.LOGIN, Verb.AUTHENTICATE)
    },
    **{
        (state, verb): (state, state)
        for state in _IN
        for verb in (
            Verb.ENABLE, Verb.CREATE, Verb.DELETE, Verb.RENAME, Verb.SUBSCRIBE, Verb.UNSUBSCRIBE,
            Verb.LIST, Verb.NAMESPACE, Verb.STATUS, Verb.APPEND, Verb.IDLE, Verb.NOTIFY,
            Verb.COMPRESS, Verb.GETQUOTA, Verb.GETQUOTAROOT,
        )
    },
    **{
        (state, verb): (State.SELECTED, State.AUTHENTICATED)
        for state in _IN
        for verb in (Verb.SELECT, Verb.EXAMINE)
    },
    **{
        (State.SELECTED, verb): (State.AUTHENTICATED, State.SELECTED)
        for verb in (Verb.CLOSE, Verb.UNSELECT)
    },
    **{
        (State.SELECTED, verb): (State.SELECTED, State.SELECTED)
        for verb in (
            Verb.EXPUNGE, Verb.UID_EXPUNGE, Verb.UID_SEARCH, Verb.UID_SORT, Verb.UID_THREAD,
            Verb.UID_FETCH, Verb.UID_STORE, Verb.UID_COPY, Verb.UID_MOVE, Verb.REPLACE,
        )
    },
}  # fmt: skip

# RFC 9051 §5.5: what these change, or how they talk, leaves no room for another command
ALONE: Final = frozenset(
    {
        Verb.STARTTLS, Verb.LOGIN, Verb.AUTHENTICATE, Verb.SELECT, Verb.EXAMINE,
        Verb.CLOSE, Verb.UNSELECT, Verb.IDLE, Verb.COMPRESS, Verb.LOGOUT,
    }
)  # fmt: skip
# this may follow any that may be followed, since servers first do what they were asked before
ENDS: Final = frozenset({Verb.LOGOUT})
# what reads by UID may follow a command that opens a mailbox: if that fails, it is refused too
OPENS: Final = frozenset({Verb.SELECT, Verb.EXAMINE})
FOLLOWS_OPENING: Final = frozenset({Verb.UID_FETCH, Verb.UID_SEARCH}) | ENDS
# whose data do not say which of two commands they answer
ONE_AT_A_TIME: Final = frozenset(
    {
        Verb.CAPABILITY, Verb.ID, Verb.ENABLE, Verb.LIST, Verb.NAMESPACE, Verb.UID_SEARCH,
        Verb.UID_SORT, Verb.UID_THREAD, Verb.UID_MOVE, Verb.REPLACE, Verb.GETQUOTA,
        Verb.GETQUOTAROOT,
    }
)  # fmt: skip
