-- What each server offered, so that a silent step down is noticed; see store/offers.py.
CREATE TABLE offers (
    account    INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    server     TEXT NOT NULL,              -- its address, as a URL
    names      TEXT NOT NULL,              -- JSON: capability -> [argument, ...]
    mechanisms TEXT NOT NULL,              -- JSON: every SASL mechanism that it ever offered
    asked_at   INTEGER NOT NULL,
    login_at   INTEGER NOT NULL,
    PRIMARY KEY (account, server)
) STRICT, WITHOUT ROWID;
