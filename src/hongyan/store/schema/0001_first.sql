-- The first footing. Times are milliseconds since 1970 in UTC; JSON columns hold what is only shown.

CREATE TABLE accounts (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    address  TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name     TEXT NOT NULL,
    pop3_url TEXT,
    imap_url TEXT,
    smtp_url TEXT,
    username TEXT NOT NULL,
    secret   TEXT NOT NULL,                -- where the password lives, never the password
    state    INTEGER NOT NULL DEFAULT 0,   -- the change counter: the JMAP state
    oldest   INTEGER NOT NULL DEFAULT 0    -- changes are known since this state
) STRICT;

CREATE TABLE mailboxes (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    name    TEXT NOT NULL,
    role    TEXT,
    total   INTEGER NOT NULL DEFAULT 0,    -- kept by the triggers below
    unread  INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account, name)
) STRICT;
CREATE UNIQUE INDEX mailboxes_by_role ON mailboxes (account, role) WHERE role IS NOT NULL;

-- The octets as they were received, once for each hash: here when small, else in a file beside.
CREATE TABLE blobs (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256   BLOB NOT NULL UNIQUE,
    size     INTEGER NOT NULL,
    encoding TEXT NOT NULL CHECK (encoding IN ('plain', 'zlib', 'file')),
    data     BLOB CHECK ((data IS NULL) = (encoding = 'file')),
    kept_at  INTEGER NOT NULL
) STRICT;
CREATE TABLE doomed_files (sha256 BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    account        INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    blob           INTEGER NOT NULL REFERENCES blobs,
    thread         INTEGER NOT NULL,       -- the id of the message that began it
    message_id     TEXT NOT NULL,
    in_reply_to    TEXT NOT NULL,          -- JSON
    refs           TEXT NOT NULL,          -- JSON
    subject        TEXT NOT NULL,
    from_          TEXT NOT NULL,          -- JSON [[name, email], ...]
    to_            TEXT NOT NULL,
    cc             TEXT NOT NULL,
    sent_at        TEXT,                   -- ISO 8601 with the sender's offset
    received_at    INTEGER NOT NULL,
    size           INTEGER NOT NULL,
    preview        TEXT NOT NULL,
    has_attachment INTEGER NOT NULL,
    index_row      INTEGER NOT NULL UNIQUE -- in the index: about the second of its arrival
) STRICT;
CREATE INDEX messages_by_account ON messages (account);
CREATE INDEX messages_by_blob ON messages (blob);
CREATE INDEX messages_by_thread ON messages (thread);

-- What a snippet is cut from, so that a page of results needs no parsing.
CREATE TABLE texts (
    message INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
    body    BLOB NOT NULL                  -- UTF-8, zlib
) STRICT;

-- Its primary key is the order of a page; unread means neither $seen nor $draft (RFC 8621 §2).
CREATE TABLE memberships (
    mailbox     INTEGER NOT NULL REFERENCES mailboxes ON DELETE CASCADE,
    received_at INTEGER NOT NULL,
    message     INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    unread      INTEGER NOT NULL,
    PRIMARY KEY (mailbox, received_at, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_by_message ON memberships (message);

CREATE TABLE keywords (
    message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    keyword TEXT NOT NULL,
    PRIMARY KEY (message, keyword)
) STRICT, WITHOUT ROWID;
CREATE INDEX keywords_by_keyword ON keywords (keyword, message);

-- Every Message-ID seen or referred to, and the thread it belongs to.
CREATE TABLE thread_ids (
    account    INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    message_id TEXT NOT NULL,
    thread     INTEGER NOT NULL,
    PRIMARY KEY (account, message_id)
) STRICT, WITHOUT ROWID;

-- The server's own names, as octets; the row outlives its message, so nothing is fetched twice.
CREATE TABLE uidls (
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    uidl    BLOB NOT NULL,
    message INTEGER NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('stored', 'deleted_here', 'gone_from_server')),
    PRIMARY KEY (account, uidl)
) STRICT, WITHOUT ROWID;
CREATE INDEX uidls_by_message ON uidls (message);

-- One row an object: when it came to be, when it last changed, whether it is gone.
CREATE TABLE changes (
    account   INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    kind      TEXT NOT NULL,
    id        TEXT NOT NULL,
    created   INTEGER NOT NULL,            -- a state; 0 when before the log
    changed   INTEGER NOT NULL,
    destroyed INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (account, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_by_state ON changes (account, kind, changed);

CREATE TABLE outbox (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account         INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    blob            INTEGER NOT NULL REFERENCES blobs,
    message_id      TEXT NOT NULL,
    sender          TEXT NOT NULL,
    state           TEXT NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    created_at      INTEGER NOT NULL,
    next_try        INTEGER NOT NULL,
    words           TEXT NOT NULL DEFAULT '',
    owner           TEXT,                  -- who sends it now; alive while it holds its lock
    content_started INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_by_time ON outbox (state, next_try);
CREATE INDEX outbox_by_account ON outbox (account);
CREATE INDEX outbox_by_blob ON outbox (blob);
CREATE TABLE recipients (
    item     INTEGER NOT NULL REFERENCES outbox ON DELETE CASCADE,
    position INTEGER NOT NULL,
    address  TEXT NOT NULL,
    state    TEXT NOT NULL,
    words    TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (item, position)
) STRICT, WITHOUT ROWID;

-- Text arrives folded and cut (docs/decisions/0005-search-index.md); nothing but the index is kept.
CREATE VIRTUAL TABLE search USING fts5 (
    subject, "from", "to", cc, body, filename,
    content = '', contentless_delete = 1,
    prefix = '1',                          -- one Chinese character is the beginning of its pairs
    tokenize = "porter unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'"
);

CREATE TRIGGER membership_added AFTER INSERT ON memberships BEGIN
    UPDATE mailboxes SET total = total + 1, unread = unread + NEW.unread WHERE id = NEW.mailbox;
END;
CREATE TRIGGER membership_removed AFTER DELETE ON memberships BEGIN
    UPDATE mailboxes SET total = total - 1, unread = unread - OLD.unread WHERE id = OLD.mailbox;
END;
CREATE TRIGGER membership_read AFTER UPDATE OF unread ON memberships BEGIN
    UPDATE mailboxes SET unread = unread + NEW.unread - OLD.unread WHERE id = NEW.mailbox;
END;

-- Whatever deletes a message, an account included, takes its index entry and its octets along.
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
CREATE TRIGGER file_doomed AFTER DELETE ON blobs WHEN OLD.encoding = 'file' BEGIN
    INSERT OR IGNORE INTO doomed_files VALUES (OLD.sha256);
END;
