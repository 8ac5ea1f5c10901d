-- What a server that files by labels had a message under when we last looked (X-GM-EXT-1), as
-- mailboxes of ours. The row outlives message and mailbox, whose end is still to be told.
CREATE TABLE imap_labels (
    message INTEGER NOT NULL,
    mailbox INTEGER NOT NULL REFERENCES imap_mailboxes ON DELETE CASCADE,
    PRIMARY KEY (message, mailbox)
) STRICT, WITHOUT ROWID;
CREATE INDEX imap_labels_by_mailbox ON imap_labels (mailbox);

-- The server's own name for a message, which outlives moves and UIDs: EMAILID (RFC 8474).
CREATE TABLE imap_objects (
    message   INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
    object_id TEXT NOT NULL
) STRICT;
