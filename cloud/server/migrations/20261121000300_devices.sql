-- The devices that people use: one browser profile, one key.
CREATE TABLE devices (
    -- Whose it is. The same key may be set up by several people, each for themselves.
    user_id TEXT NOT NULL REFERENCES users (id),
    -- RFC 7638 thumbprint of the device key, as base64url.
    id TEXT NOT NULL,
    -- What the person calls it.
    name TEXT NOT NULL,
    -- The name as it is compared: NFKC, case and white space folded, nothing invisible.
    name_key TEXT NOT NULL,
    -- 'extension' or 'web'.
    kind TEXT NOT NULL,
    -- 'awaiting_code', 'pending_approval', 'trusted' or 'disabled'.
    state TEXT NOT NULL CHECK (state IN ('awaiting_code', 'pending_approval', 'trusted', 'disabled')),
    -- The public device key, as a JSON Web Key.
    device_key TEXT NOT NULL,
    -- The public sealing key, as a JSON Web Key.
    sealing_key TEXT NOT NULL,
    -- By the device key, over device id and sealing key: 64 bytes.
    sealing_key_signature BYTEA NOT NULL,
    -- When it was enrolled, in milliseconds since 1970.
    created_at BIGINT NOT NULL,
    -- When it came to be trusted; NULL: not yet.
    trusted_at BIGINT,
    -- When it was disabled; NULL: it was not.
    disabled_at BIGINT,
    PRIMARY KEY (user_id, id)
);

-- Names are unique among the devices in use; disabled ones stay listed for audit.
CREATE UNIQUE INDEX device_names ON devices (user_id, name_key) WHERE state <> 'disabled';
