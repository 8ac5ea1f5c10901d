"""IMAP operations, each written once as a `Flow` (RFC 9051 and its extensions), one file a verb.

``exchange`` is the alphabet; ``session``, ``login`` and ``authenticate`` open and end; the others
are named after their commands. Whatever a flow did not ask for goes to the connection's listener.
"""
