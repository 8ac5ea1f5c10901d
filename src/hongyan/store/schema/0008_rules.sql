-- The person's rules, and what each application of one changed, so that it can be undone.

CREATE TABLE rules (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    position INTEGER NOT NULL,
    name     TEXT NOT NULL,
    enabled  INTEGER NOT NULL,
    query    TEXT NOT NULL,
    accounts TEXT,                         -- JSON, ids; NULL: all
    actions  TEXT NOT NULL,                -- JSON [[do, value], ...]
    stop     INTEGER NOT NULL
) STRICT;
CREATE TABLE rule_runs (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,                    -- of the rule, which may be gone
    at   INTEGER NOT NULL
) STRICT;
CREATE TABLE rule_effects (
    run     INTEGER NOT NULL REFERENCES rule_runs ON DELETE CASCADE,
    message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    effect  TEXT NOT NULL,                 -- JSON: keywords and mailboxes, added and removed
    PRIMARY KEY (run, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX rule_effects_by_message ON rule_effects (message);
