-- Mailboxes in a tree with counts of threads, threads that merge, identities, and lists that are
-- found at any depth without counting: what RFC 8621 asks for. Foreign keys are off meanwhile.

CREATE TABLE properties (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO properties
    SELECT 'shift', CAST(coalesce(max(index_row - received_at / 1000), 0) + 1 AS TEXT)
    FROM messages;

ALTER TABLE messages ADD COLUMN unseen INTEGER NOT NULL DEFAULT 0;  -- without $seen
UPDATE messages SET unseen = NOT EXISTS (
    SELECT 1 FROM keywords WHERE message = messages.id AND keyword = '$seen'
);
DROP INDEX messages_by_account;
CREATE INDEX messages_by_account ON messages (account, index_row);
CREATE INDEX messages_unseen ON messages (index_row, account) WHERE unseen = 1;
CREATE INDEX messages_attached ON messages (index_row, account) WHERE has_attachment = 1;
CREATE INDEX messages_large ON messages (index_row, account) WHERE size >= 262144;

-- A thread that became part of another, older one.
CREATE TABLE merged_threads (
    thread  INTEGER PRIMARY KEY,
    into_   INTEGER NOT NULL,
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE
) STRICT;
CREATE INDEX merged_threads_by_target ON merged_threads (into_);
CREATE INDEX merged_threads_by_account ON merged_threads (account);

DROP TRIGGER membership_added;
DROP TRIGGER membership_removed;
DROP TRIGGER membership_read;

ALTER TABLE mailboxes RENAME TO old_mailboxes;
DROP INDEX mailboxes_by_role;
CREATE TABLE mailboxes (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    account        INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    parent         INTEGER REFERENCES mailboxes,
    name           TEXT NOT NULL,
    role           TEXT,
    sort_order     INTEGER NOT NULL DEFAULT 0,
    is_subscribed  INTEGER NOT NULL DEFAULT 1,
    total          INTEGER NOT NULL DEFAULT 0,   -- these four are kept by the triggers below
    unread         INTEGER NOT NULL DEFAULT 0,
    total_threads  INTEGER NOT NULL DEFAULT 0,
    unread_threads INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO mailboxes (id, account, name, role) SELECT id, account, name, role FROM old_mailboxes;
DELETE FROM sqlite_sequence WHERE name = 'mailboxes';
UPDATE sqlite_sequence SET name = 'mailboxes' WHERE name = 'old_mailboxes';
DROP TABLE old_mailboxes;
CREATE UNIQUE INDEX mailboxes_by_name ON mailboxes (account, coalesce(parent, 0), name);
CREATE UNIQUE INDEX mailboxes_by_role ON mailboxes (account, role) WHERE role IS NOT NULL;
CREATE INDEX mailboxes_by_parent ON mailboxes (parent);

-- Its primary key is the order of a page. `newest` marks the last message of each thread in a
-- mailbox: those are the page of a mailbox whose threads are collapsed (RFC 8621 §4.4.3).
ALTER TABLE memberships RENAME TO old_memberships;
DROP INDEX memberships_by_message;
CREATE TABLE memberships (
    mailbox     INTEGER NOT NULL REFERENCES mailboxes ON DELETE CASCADE,
    received_at INTEGER NOT NULL,
    message     INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    thread      INTEGER NOT NULL,
    unread      INTEGER NOT NULL,
    newest      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (mailbox, received_at, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_by_message ON memberships (message);
CREATE INDEX memberships_by_thread ON memberships (mailbox, thread, received_at, message);
CREATE INDEX memberships_newest ON memberships (mailbox, received_at, message) WHERE newest = 1;
CREATE INDEX memberships_unread ON memberships (mailbox, received_at, message) WHERE unread = 1;
CREATE INDEX memberships_unread_threads ON memberships (mailbox, thread) WHERE unread = 1;

-- How many messages, and newest ones of threads, a mailbox has in a span of time of `days` days:
-- the way to the n-th message. Number 0 is around 1970.
CREATE TABLE spans (
    mailbox INTEGER NOT NULL REFERENCES mailboxes ON DELETE CASCADE,
    days    INTEGER NOT NULL CHECK (days IN (1, 64)),
    number  INTEGER NOT NULL,
    total   INTEGER NOT NULL,
    threads INTEGER NOT NULL,
    PRIMARY KEY (mailbox, days, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER membership_added AFTER INSERT ON memberships BEGIN
    UPDATE mailboxes SET
        total = total + 1,
        unread = unread + NEW.unread,
        unread_threads = unread_threads + (NEW.unread AND 1 = (
            SELECT count(*) FROM (SELECT 1 FROM memberships
                WHERE mailbox = NEW.mailbox AND thread = NEW.thread AND unread = 1 LIMIT 2)))
    WHERE id = NEW.mailbox;
    INSERT INTO spans VALUES
        (NEW.mailbox, 1, NEW.received_at / 86400000, 1, 0),
        (NEW.mailbox, 64, NEW.received_at / 5529600000, 1, 0)
    ON CONFLICT DO UPDATE SET total = total + 1;
    UPDATE memberships SET newest = 0
    WHERE newest = 1 AND mailbox = NEW.mailbox AND (received_at, message) = (
        SELECT received_at, message FROM memberships
        WHERE mailbox = NEW.mailbox AND thread = NEW.thread
            AND (received_at, message) < (NEW.received_at, NEW.message)
        ORDER BY received_at DESC, message DESC LIMIT 1);
    UPDATE memberships SET newest = 1
    WHERE mailbox = NEW.mailbox AND received_at = NEW.received_at AND message = NEW.message
        AND NOT EXISTS (SELECT 1 FROM memberships
            WHERE mailbox = NEW.mailbox AND thread = NEW.thread
                AND (received_at, message) > (NEW.received_at, NEW.message));
END;
CREATE TRIGGER membership_removed AFTER DELETE ON memberships BEGIN
    UPDATE mailboxes SET
        total = total - 1,
        unread = unread - OLD.unread,
        total_threads = total_threads - OLD.newest,
        unread_threads = unread_threads - (OLD.unread AND NOT EXISTS (
            SELECT 1 FROM memberships
            WHERE mailbox = OLD.mailbox AND thread = OLD.thread AND unread = 1))
    WHERE id = OLD.mailbox;
    UPDATE spans SET total = total - 1, threads = threads - OLD.newest
    WHERE mailbox = OLD.mailbox AND (days, number) IN
        (VALUES (1, OLD.received_at / 86400000), (64, OLD.received_at / 5529600000));
    UPDATE memberships SET newest = 1
    WHERE OLD.newest AND mailbox = OLD.mailbox AND (received_at, message) = (
        SELECT received_at, message FROM memberships
        WHERE mailbox = OLD.mailbox AND thread = OLD.thread
        ORDER BY received_at DESC, message DESC LIMIT 1);
END;
CREATE TRIGGER membership_read AFTER UPDATE OF unread ON memberships
WHEN NEW.unread != OLD.unread BEGIN
    UPDATE mailboxes SET
        unread = unread + NEW.unread - OLD.unread,
        unread_threads = unread_threads + (NEW.unread - OLD.unread) * NOT EXISTS (
            SELECT 1 FROM memberships
            WHERE mailbox = NEW.mailbox AND thread = NEW.thread AND unread = 1
                AND message != NEW.message)
    WHERE id = NEW.mailbox;
END;
CREATE TRIGGER membership_newest AFTER UPDATE OF newest ON memberships
WHEN NEW.newest != OLD.newest BEGIN
    UPDATE mailboxes SET total_threads = total_threads + NEW.newest - OLD.newest
    WHERE id = NEW.mailbox;
    UPDATE spans SET threads = threads + NEW.newest - OLD.newest
    WHERE mailbox = NEW.mailbox AND (days, number) IN
        (VALUES (1, NEW.received_at / 86400000), (64, NEW.received_at / 5529600000));
END;
INSERT INTO memberships (mailbox, received_at, message, thread, unread)
    SELECT p.mailbox, p.received_at, p.message, m.thread, p.unread
    FROM old_memberships AS p JOIN messages AS m ON m.id = p.message;
DROP TABLE old_memberships;

-- With the place in time, so that those of a keyword come in its order.
ALTER TABLE keywords RENAME TO old_keywords;
DROP INDEX keywords_by_keyword;
CREATE TABLE keywords (
    message   INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    keyword   TEXT NOT NULL,
    index_row INTEGER NOT NULL,
    PRIMARY KEY (message, keyword)
) STRICT, WITHOUT ROWID;
INSERT INTO keywords SELECT k.message, k.keyword, m.index_row
    FROM old_keywords AS k JOIN messages AS m ON m.id = k.message;
DROP TABLE old_keywords;
CREATE INDEX keywords_by_keyword ON keywords (keyword, index_row, message);

CREATE TABLE identities (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    account        INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    name           TEXT NOT NULL,
    email          TEXT NOT NULL,
    reply_to       TEXT NOT NULL,          -- JSON [[name, email], ...]
    bcc            TEXT NOT NULL,
    text_signature TEXT NOT NULL,
    html_signature TEXT NOT NULL
) STRICT;
CREATE INDEX identities_by_account ON identities (account);

-- The index anew, with two more columns, and characters where there was a prefix index
-- (docs/decisions/0005-search-index.md). The program fills it when it next opens the store.
DROP TABLE search;
CREATE VIRTUAL TABLE search USING fts5 (
    subject, "from", "to", cc, bcc, body, filename, list,
    content = '', contentless_delete = 1,
    tokenize = "porter unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'"
);
