-- A message may be known by its header alone, its body to come (docs/decisions/0018-headers-first.md): `blob` is
-- its header then, `size` the server's word. `imap_messages.whole` says that a message is here, whole or not.
ALTER TABLE messages ADD COLUMN whole INTEGER NOT NULL DEFAULT 1;
CREATE INDEX messages_to_come ON messages (account) WHERE NOT whole;

-- What gives a message other octets takes the old ones along, as its deletion does.
CREATE TRIGGER message_completed AFTER UPDATE OF blob ON messages WHEN OLD.blob != NEW.blob BEGIN
    DELETE FROM blobs WHERE id = OLD.blob
        AND NOT EXISTS (SELECT 1 FROM messages WHERE blob = OLD.blob)
        AND NOT EXISTS (SELECT 1 FROM outbox WHERE blob = OLD.blob);
END;

-- What somebody changed by hand in one go is noted as an application of a rule is.
ALTER TABLE rule_runs ADD COLUMN by_hand INTEGER NOT NULL DEFAULT 0;

-- Arrived, and not looked at by rules and the like, which judge no half of a letter.
CREATE TABLE unjudged (
    message INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE
) STRICT;
