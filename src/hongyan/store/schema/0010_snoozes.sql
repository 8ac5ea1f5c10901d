-- Messages that come back at a time (docs/decisions/0015-snoozed.md), and where they came from.
CREATE TABLE snoozes (
    message   INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
    until     INTEGER NOT NULL,
    mailboxes TEXT NOT NULL                -- JSON, ids: those that it left
) STRICT;
CREATE INDEX snoozes_by_time ON snoozes (until);
