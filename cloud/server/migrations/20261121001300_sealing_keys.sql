-- The vault's one-time keys: the public halves, and what became of them.
CREATE TABLE sealing_keys (
    -- UUID of version 7, made by the worker.
    id TEXT PRIMARY KEY NOT NULL,
    -- Whose it is.
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    -- The key as the vault identity signed it, as JSON.
    signed TEXT NOT NULL,
    -- Nothing is sealed to it after this, in milliseconds since 1970.
    expires_at BIGINT NOT NULL,
    -- 'available': may be handed out. 'reserved': handed out for one transfer.
    -- 'used': a session is sealed to it. 'destroy_pending': the worker is to destroy
    -- the private half. 'destroyed': it says that it did.
    state TEXT NOT NULL
        CHECK (state IN ('available', 'reserved', 'used', 'destroy_pending', 'destroyed')),
    -- The transfer it was handed out for; NULL: never handed out. Stays for good, so
    -- that a transfer never gets a second key.
    transfer_id TEXT UNIQUE,
    -- The account of that transfer.
    account_id TEXT REFERENCES accounts (id),
    -- Who began that transfer.
    user_id TEXT REFERENCES users (id),
    -- The device it was handed out to.
    device_id TEXT,
    -- When it was handed out.
    reserved_at BIGINT,
    -- When it came.
    supplied_at BIGINT NOT NULL,
    -- When the worker said that the private half is destroyed; NULL: not yet.
    destroyed_at BIGINT,
    CHECK ((transfer_id IS NULL) = (account_id IS NULL)),
    CHECK ((transfer_id IS NULL) = (reserved_at IS NULL))
);

-- Small, whatever the number of keys that were used up: what is looked for is among
-- the few that are not.
CREATE INDEX sealing_keys_available ON sealing_keys (workspace_id, expires_at) WHERE state = 'available';
CREATE INDEX sealing_keys_handed_out ON sealing_keys (account_id) WHERE state IN ('reserved', 'used');
CREATE INDEX sealing_keys_overdue ON sealing_keys (reserved_at) WHERE state = 'reserved';
CREATE INDEX sealing_keys_to_destroy ON sealing_keys (workspace_id) WHERE state = 'destroy_pending';
