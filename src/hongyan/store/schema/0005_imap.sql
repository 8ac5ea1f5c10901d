-- What an IMAP server said when we last looked. A change on either side is a difference to this:
-- what differs from the server's word now was changed there, what differs from ours was changed here.

-- How far an account has been settled: the state of its change log up to which nothing here waits
-- to be told, and the number of its visits.
CREATE TABLE imap_accounts (
    account INTEGER PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    state   INTEGER NOT NULL DEFAULT 0,
    visit   INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The row outlives our mailbox, whose deletion is still to be told to the server.
CREATE TABLE imap_mailboxes (
    mailbox      INTEGER PRIMARY KEY,
    account      INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    wire         BLOB NOT NULL,               -- its name, as the server writes it
    delimiter    TEXT,
    called       TEXT NOT NULL,               -- our name when both sides agreed
    object_id    TEXT,                        -- MAILBOXID (RFC 8474)
    uid_validity INTEGER,                     -- NULL: the server gives none that means anything
    uid_next     INTEGER NOT NULL DEFAULT 0,
    modseq       INTEGER,
    exist        INTEGER NOT NULL DEFAULT 0,  -- messages
    doubts       INTEGER NOT NULL DEFAULT 0,  -- visits in a row that found it empty or missing
    UNIQUE (account, wire)
) STRICT;

CREATE TABLE imap_messages (
    mailbox INTEGER NOT NULL REFERENCES imap_mailboxes ON DELETE CASCADE,
    uid     INTEGER NOT NULL,
    message INTEGER,                          -- NULL: not fetched yet; outlives the message
    flags   TEXT,                             -- as keywords, in order; NULL: not told yet
    size    INTEGER NOT NULL DEFAULT 0,       -- as the server tells it
    whole   INTEGER NOT NULL DEFAULT 0,       -- 0: its body is still to be fetched
    PRIMARY KEY (mailbox, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX imap_messages_by_message ON imap_messages (message) WHERE message IS NOT NULL;
CREATE INDEX imap_messages_to_fetch ON imap_messages (mailbox, uid) WHERE NOT whole;

-- Gone from a mailbox on the server; they leave ours when the visit has not found them elsewhere,
-- and where that is doubtful when the next one has not either.
CREATE TABLE imap_absent (
    mailbox INTEGER NOT NULL REFERENCES imap_mailboxes ON DELETE CASCADE,
    message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    flags   TEXT,
    size    INTEGER NOT NULL,
    whole   INTEGER NOT NULL,
    visit   INTEGER NOT NULL,                 -- the first one whose end may remove it
    PRIMARY KEY (mailbox, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX imap_absent_by_message ON imap_absent (message);
