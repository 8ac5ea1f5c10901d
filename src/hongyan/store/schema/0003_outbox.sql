-- What the outbox knows beyond the sending itself: the time that the person chose, the sender's own
-- copy, what delivery reports said; and what was learned about an account's servers.

ALTER TABLE outbox ADD COLUMN envid TEXT NOT NULL DEFAULT '';       -- in delivery reports (RFC 3461)
ALTER TABLE outbox ADD COLUMN send_at INTEGER;                      -- NULL: at once
ALTER TABLE outbox ADD COLUMN sent_at INTEGER;
ALTER TABLE outbox ADD COLUMN receipts INTEGER NOT NULL DEFAULT 0;  -- ask for reports of success
ALTER TABLE outbox ADD COLUMN message INTEGER;                      -- our own copy; may be gone
ALTER TABLE outbox ADD COLUMN copy TEXT NOT NULL DEFAULT 'none'
    CHECK (copy IN ('none', 'due', 'ours', 'provider'));
CREATE INDEX outbox_by_message_id ON outbox (message_id);

ALTER TABLE recipients ADD COLUMN delivery TEXT NOT NULL DEFAULT 'unknown';
ALTER TABLE recipients ADD COLUMN delivery_words TEXT NOT NULL DEFAULT '';
ALTER TABLE recipients ADD COLUMN displayed INTEGER NOT NULL DEFAULT 0;

CREATE TABLE learned (
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    name    TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;
-- Mail that is here already has arrived: neither rules nor reports are looked for in it.
INSERT INTO learned SELECT id, 'arrived', CAST(state AS TEXT) FROM accounts;
