-- What may leave a POP3 server, and what must be known of a message before it may.

CREATE TABLE pop3_policies (
    account      INTEGER PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    after_days   INTEGER,                      -- NULL: never by age
    deleted_here INTEGER NOT NULL DEFAULT 0,
    keep_newest  INTEGER                       -- NULL: never by number
) STRICT;
ALTER TABLE uidls ADD COLUMN size INTEGER;     -- as the server listed it when it was fetched
ALTER TABLE uidls ADD COLUMN seen_at INTEGER;  -- when that was
