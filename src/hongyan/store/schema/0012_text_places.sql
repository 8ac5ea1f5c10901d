-- Where the text of a short plain message lies in its octets: start, end, encoding, charset; NULL where
-- it is kept in `texts`, or for mail of before, which is parsed for it (docs/decisions/0013-space.md).
ALTER TABLE messages ADD COLUMN text_at TEXT;
