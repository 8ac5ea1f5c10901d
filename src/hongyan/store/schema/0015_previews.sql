-- The beginning of the text on one line, so that a page of a mailbox decompresses nothing; NULL in rows of before,
-- whose previews come out of the octets (docs/decisions/0013-space.md).
ALTER TABLE messages ADD COLUMN preview TEXT;

-- A hash of 4 MB had outgrown the processor's caches; see docs/decisions/0005-search-index.md.
INSERT INTO search (search, rank) VALUES ('hashsize', 2097152);
INSERT INTO search (search, rank) VALUES ('automerge', 16);
INSERT INTO search (search, rank) VALUES ('crisismerge', 48);
