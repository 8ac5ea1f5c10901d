-- Less work for each message that arrives. FTS5 writes fewer and larger segments: a transaction's words up
-- to 4 MB at once, and eight of a level are merged where four were (docs/decisions/0005-search-index.md).

INSERT INTO search (search, rank) VALUES ('hashsize', 4194304);
INSERT INTO search (search, rank) VALUES ('automerge', 8);

-- Who inserts a row says whether it is the newest of its thread there; it was found out and updated here.
DROP TRIGGER membership_added;
CREATE TRIGGER membership_added AFTER INSERT ON memberships BEGIN
    UPDATE mailboxes SET
        total = total + 1,
        unread = unread + NEW.unread,
        total_threads = total_threads + NEW.newest,
        unread_threads = unread_threads + iif(NEW.unread, 1 = (
            SELECT count(*) FROM (SELECT 1 FROM memberships
                WHERE mailbox = NEW.mailbox AND thread = NEW.thread AND unread = 1 LIMIT 2)), 0)
    WHERE id = NEW.mailbox;
    INSERT INTO spans VALUES
        (NEW.mailbox, 1, NEW.received_at / 86400000, 1, NEW.newest),
        (NEW.mailbox, 64, NEW.received_at / 5529600000, 1, NEW.newest)
    ON CONFLICT DO UPDATE SET total = total + 1, threads = threads + excluded.threads;
    UPDATE memberships SET newest = 0
    WHERE NEW.newest AND newest = 1 AND mailbox = NEW.mailbox AND (received_at, message) = (
        SELECT received_at, message FROM memberships
        WHERE mailbox = NEW.mailbox AND thread = NEW.thread
            AND (received_at, message) < (NEW.received_at, NEW.message)
        ORDER BY received_at DESC, message DESC LIMIT 1);
END;
