-- The tables as hedgers made them before their schema had revisions.

CREATE TABLE epochs (
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    epoch INTEGER NOT NULL, 
    market_ms BIGINT NOT NULL, 
    PRIMARY KEY (venue, environment, account_id, epoch)
);

CREATE TABLE orders (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    label VARCHAR NOT NULL, 
    book VARCHAR NOT NULL, 
    instrument VARCHAR NOT NULL, 
    state VARCHAR NOT NULL, 
    created_ms BIGINT NOT NULL, 
    changed_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id), 
    UNIQUE (venue, environment, account_id, label)
);

CREATE INDEX orders_by_change ON orders (venue, environment, account_id, changed_ms);

CREATE INDEX orders_by_state ON orders (venue, environment, account_id, state);

CREATE TABLE fills (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    fee_currency VARCHAR NOT NULL, 
    trade_id VARCHAR NOT NULL, 
    label VARCHAR NOT NULL, 
    instrument VARCHAR NOT NULL, 
    market_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id), 
    UNIQUE (venue, environment, account_id, fee_currency, trade_id)
);

CREATE INDEX fills_by_time ON fills (venue, environment, account_id, market_ms);

CREATE TABLE decisions (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    book VARCHAR NOT NULL, 
    action VARCHAR NOT NULL, 
    reason VARCHAR NOT NULL, 
    market_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX decisions_by_book ON decisions (book, market_ms);

CREATE INDEX decisions_by_time ON decisions (market_ms);

CREATE TABLE commands (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    book VARCHAR NOT NULL, 
    state VARCHAR NOT NULL, 
    market_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX commands_by_book ON commands (venue, environment, account_id, book);

CREATE TABLE hedges (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    book VARCHAR NOT NULL, 
    instrument VARCHAR NOT NULL, 
    outcome VARCHAR NOT NULL, 
    market_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX hedges_by_book ON hedges (book, market_ms);

CREATE TABLE overrides (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    book VARCHAR NOT NULL, 
    market_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX overrides_by_book ON overrides (venue, environment, account_id, book);

CREATE TABLE setting_changes (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    "key" VARCHAR NOT NULL, 
    value VARCHAR NOT NULL, 
    market_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE TABLE configs (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    config_hash VARCHAR NOT NULL, 
    market_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE TABLE adjustments (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    label VARCHAR NOT NULL, 
    instrument VARCHAR NOT NULL, 
    market_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX adjustments_by_scope ON adjustments (venue, environment, account_id);

CREATE TABLE cash_flows (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    currency VARCHAR NOT NULL, 
    market_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX cash_flows_by_time ON cash_flows (venue, environment, account_id, market_ms);

CREATE TABLE holds (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    book VARCHAR NOT NULL, 
    market_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX holds_by_book ON holds (venue, environment, account_id, book);

CREATE TABLE rivals (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    book VARCHAR NOT NULL, 
    market_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX rivals_by_book ON rivals (venue, environment, account_id, book);

CREATE TABLE kept (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    book VARCHAR NOT NULL, 
    market_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX kept_by_book ON kept (venue, environment, account_id, book);

CREATE TABLE snapshots (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    market_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE TABLE guards (
    id INTEGER NOT NULL, 
    venue VARCHAR NOT NULL, 
    environment VARCHAR NOT NULL, 
    account_id VARCHAR NOT NULL, 
    book VARCHAR NOT NULL, 
    kind VARCHAR NOT NULL, 
    market_ms BIGINT NOT NULL, 
    body TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX guards_by_book ON guards (venue, environment, account_id, book, kind);

PRAGMA user_version = 2;
