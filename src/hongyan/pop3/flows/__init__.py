"""POP3 operations, each written once as a `Flow` (RFC 1939, 2449, 2595, 5034, 6856).

``exchange`` is the alphabet, ``login`` and ``session`` open and end, ``mailbox`` looks and marks,
``window`` keeps many commands in flight. A server that does not offer PIPELINING is asked one thing
at a time.
"""
