-- Less room for the same mail (docs/decisions/0013-space.md): blobs in zstd with dictionaries trained on
-- the mail itself, no text kept that its octets give quickly, numbers instead of names in the log.

CREATE TABLE dictionaries (
    number INTEGER PRIMARY KEY,
    id     INTEGER NOT NULL UNIQUE,        -- as zstd names it in every frame that needs it
    sha256 BLOB NOT NULL,
    data   BLOB NOT NULL
) STRICT;

DROP TRIGGER message_removed;
DROP TRIGGER outbox_removed;
DROP TRIGGER file_doomed;
CREATE TABLE new_blobs (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256   BLOB NOT NULL,
    size     INTEGER NOT NULL,
    encoding TEXT NOT NULL CHECK (encoding IN ('plain', 'zlib', 'zstd', 'file', 'zstd file')),
    data     BLOB CHECK ((data IS NULL) = (encoding IN ('file', 'zstd file'))),
    kept_at  INTEGER NOT NULL
) STRICT;
INSERT INTO new_blobs SELECT * FROM blobs;
DELETE FROM sqlite_sequence WHERE name = 'new_blobs';
UPDATE sqlite_sequence SET name = 'new_blobs' WHERE name = 'blobs';
DROP TABLE blobs;
ALTER TABLE new_blobs RENAME TO blobs;
CREATE INDEX blobs_by_hash ON blobs (substr(sha256, 1, 6));

CREATE TABLE new_messages (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    account        INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    blob           INTEGER NOT NULL REFERENCES blobs,
    thread         INTEGER NOT NULL,       -- the id of the message that began it
    received_at    INTEGER NOT NULL,
    size           INTEGER NOT NULL,
    has_attachment INTEGER NOT NULL,
    unseen         INTEGER NOT NULL,       -- without $seen
    index_row      INTEGER NOT NULL UNIQUE,-- in the index: near the 64 seconds of its arrival
    message_id     TEXT NOT NULL,
    in_reply_to    TEXT NOT NULL,          -- JSON; empty when it is the last of refs, if any
    refs           TEXT NOT NULL,          -- JSON
    subject        TEXT NOT NULL,
    from_          TEXT NOT NULL,          -- JSON [[name, email], ...]
    to_            TEXT NOT NULL,
    cc             TEXT NOT NULL,
    sent_at        TEXT                    -- ISO 8601 with the sender's offset
) STRICT;
INSERT INTO new_messages
    SELECT id, account, blob, thread, received_at, size, has_attachment, unseen,
        -- each in its 64 seconds, or behind the one before
        n + max(received_at / 64000 - n) OVER (ORDER BY n),
        message_id, in_reply_to, refs, subject, from_, to_, cc, sent_at
    FROM (SELECT *, row_number() OVER (ORDER BY received_at, id) AS n FROM messages);
DELETE FROM sqlite_sequence WHERE name = 'new_messages';
UPDATE sqlite_sequence SET name = 'new_messages' WHERE name = 'messages';
DROP TABLE messages;
ALTER TABLE new_messages RENAME TO messages;
CREATE INDEX messages_by_account ON messages (account, index_row);
CREATE INDEX messages_by_blob ON messages (blob);
CREATE INDEX messages_by_thread ON messages (thread);
CREATE INDEX messages_unseen ON messages (index_row, account) WHERE unseen = 1;
CREATE INDEX messages_attached ON messages (index_row, account) WHERE has_attachment = 1;
CREATE INDEX messages_large ON messages (index_row, account) WHERE size >= 262144;
UPDATE keywords SET index_row = (SELECT index_row FROM messages WHERE id = message);
INSERT OR REPLACE INTO properties
    SELECT 'shift', CAST(coalesce(max(abs(index_row - received_at / 64000)), 0) + 1 AS TEXT)
    FROM messages;

CREATE TRIGGER message_removed AFTER DELETE ON messages BEGIN
    DELETE FROM search WHERE rowid = OLD.index_row;
    DELETE FROM blobs WHERE id = OLD.blob
        AND NOT EXISTS (SELECT 1 FROM messages WHERE blob = OLD.blob)
        AND NOT EXISTS (SELECT 1 FROM outbox WHERE blob = OLD.blob);
END;
CREATE TRIGGER outbox_removed AFTER DELETE ON outbox BEGIN
    DELETE FROM blobs WHERE id = OLD.blob
        AND NOT EXISTS (SELECT 1 FROM messages WHERE blob = OLD.blob)
        AND NOT EXISTS (SELECT 1 FROM outbox WHERE blob = OLD.blob);
END;
CREATE TRIGGER file_doomed AFTER DELETE ON blobs
WHEN OLD.encoding IN ('file', 'zstd file') BEGIN
    INSERT OR IGNORE INTO doomed_files VALUES (OLD.sha256);
END;

-- The texts of those messages whose octets do not give it quickly; indexing makes them anew.
DROP TABLE texts;
CREATE TABLE texts (
    message INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
    body    BLOB NOT NULL                  -- UTF-8, zstd
) STRICT;

ALTER TABLE thread_ids RENAME TO old_thread_ids;
CREATE TABLE thread_ids (
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    mark    INTEGER NOT NULL,              -- 64 bits of a hash of a Message-ID
    thread  INTEGER NOT NULL,
    PRIMARY KEY (account, mark)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO thread_ids SELECT account, id_mark(message_id), thread FROM old_thread_ids;
DROP TABLE old_thread_ids;

ALTER TABLE changes RENAME TO old_changes;
DROP INDEX changes_by_state;
CREATE TABLE changes (
    account   INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    kind      TEXT NOT NULL,               -- the letter that its ids begin with
    id        INTEGER NOT NULL,            -- the number behind it
    created   INTEGER NOT NULL,            -- a state; 0 when before the log
    changed   INTEGER NOT NULL,
    destroyed INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (account, kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO changes
    SELECT account, substr(id, 1, 1), CAST(substr(id, 2) AS INTEGER), created, changed, destroyed, at
    FROM old_changes;
DROP TABLE old_changes;
CREATE INDEX changes_by_state ON changes (account, kind, changed);

-- The body first: FTS5 writes no column with a place in the first one.
DROP TABLE search;
CREATE VIRTUAL TABLE search USING fts5 (
    body, subject, "from", "to", cc, bcc, filename, list,
    content = '', contentless_delete = 1,
    tokenize = "porter unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'"
);
