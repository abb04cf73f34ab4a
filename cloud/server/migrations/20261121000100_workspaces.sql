-- Companies or persons, each with users and accounts of its own.
CREATE TABLE workspaces (
    -- UUID of version 7.
    id TEXT PRIMARY KEY NOT NULL,
    -- What people call it.
    name TEXT NOT NULL,
    -- How long a session is kept that nothing uses, in milliseconds.
    retention_ms BIGINT NOT NULL CHECK (retention_ms > 0),
    -- When it was added, in milliseconds since 1970.
    created_at BIGINT NOT NULL
);
