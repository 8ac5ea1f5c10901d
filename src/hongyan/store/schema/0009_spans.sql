-- A span of time without messages has no row: taking a change back leaves every row as it was.

DELETE FROM spans WHERE total = 0;
DROP TRIGGER membership_removed;
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
    DELETE FROM spans
    WHERE total = 0 AND mailbox = OLD.mailbox AND (days, number) IN
        (VALUES (1, OLD.received_at / 86400000), (64, OLD.received_at / 5529600000));
    UPDATE memberships SET newest = 1
    WHERE OLD.newest AND mailbox = OLD.mailbox AND (received_at, message) = (
        SELECT received_at, message FROM memberships
        WHERE mailbox = OLD.mailbox AND thread = OLD.thread
        ORDER BY received_at DESC, message DESC LIMIT 1);
END;
