-- Sessions that were taken for automation. Beside a check, and beside each other:
-- taking one changes nothing in it.
CREATE TABLE automation_leases (
    -- UUID of version 7.
    id TEXT PRIMARY KEY NOT NULL,
    -- The session.
    transfer_id TEXT NOT NULL REFERENCES sessions (transfer_id) ON DELETE CASCADE,
    -- Who took it.
    worker_id TEXT NOT NULL REFERENCES workers (id),
    -- When it ends, in milliseconds since 1970.
    expires_at BIGINT NOT NULL
);

CREATE INDEX automation_leases_of_session ON automation_leases (transfer_id);
CREATE INDEX automation_leases_by_end ON automation_leases (expires_at);
