-- What is known of each account's session: one per account.
CREATE TABLE sessions (
    -- The transfer that brought it.
    transfer_id TEXT PRIMARY KEY NOT NULL,
    -- The account; a second session of it cannot be.
    account_id TEXT NOT NULL UNIQUE REFERENCES accounts (id),
    -- The account's workspace.
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    -- Who transferred it.
    user_id TEXT NOT NULL,
    -- The device that sealed it.
    device_id TEXT NOT NULL,
    -- The one-time key it is sealed to.
    sealing_key_id TEXT NOT NULL REFERENCES sealing_keys (id),
    -- The consent it rests on.
    consent_id TEXT NOT NULL REFERENCES consents (id),
    -- When it was stored, in milliseconds since 1970.
    transferred_at BIGINT NOT NULL,
    -- When it is deleted if nothing uses it.
    expires_at BIGINT NOT NULL,
    -- 'transferred', 'invalid' or 'expired' (a tombstone: its seal is gone).
    state TEXT NOT NULL CHECK (state IN ('transferred', 'invalid', 'expired')),
    -- Why it is invalid, as JSON.
    invalid_reason TEXT,
    -- The last check, as JSON; NULL: there was none.
    last_check TEXT,
    -- When to check it again; NULL: not until somebody asks.
    next_check_at BIGINT,
    -- How many checks in a row could not reach the app.
    unreachable BIGINT NOT NULL,
    -- The lease of the worker that checks it now; NULL: none does.
    lease_id TEXT,
    -- That worker.
    lease_worker_id TEXT REFERENCES workers (id),
    -- When that lease ends.
    lease_expires_at BIGINT,
    FOREIGN KEY (user_id, device_id) REFERENCES devices (user_id, id),
    CHECK ((state = 'invalid') = (invalid_reason IS NOT NULL))
);

CREATE INDEX sessions_due ON sessions (workspace_id, next_check_at);
CREATE INDEX sessions_by_end ON sessions (state, expires_at);
