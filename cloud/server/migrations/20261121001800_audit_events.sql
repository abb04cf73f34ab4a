-- Who did what, when. Only ever added to. No foreign keys: it outlives what it names.
CREATE TABLE audit_events (
    -- UUID of version 7.
    id TEXT PRIMARY KEY NOT NULL,
    -- Where it happened.
    workspace_id TEXT NOT NULL,
    -- When, in milliseconds since 1970.
    at BIGINT NOT NULL,
    -- 'user', 'worker', 'server' (on its own) or 'operator' (at the command line).
    actor TEXT NOT NULL CHECK (actor IN ('user', 'worker', 'server', 'operator')),
    -- The user or worker; NULL for the others.
    actor_id TEXT,
    -- The device it was done with, or to.
    device_id TEXT,
    -- What was done, such as 'session.transferred'.
    action TEXT NOT NULL,
    -- The account it was done to.
    account_id TEXT,
    -- The transfer it was done to.
    transfer_id TEXT,
    -- More about it, in plain words; never a secret.
    detail TEXT
);

CREATE INDEX audit_events_of_workspace ON audit_events (workspace_id, at);
