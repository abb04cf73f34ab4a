-- The sealed bytes, apart from what is known of them: a change of status does not
-- write them again.
CREATE TABLE seals (
    -- The session; its seal goes with it.
    transfer_id TEXT PRIMARY KEY NOT NULL REFERENCES sessions (transfer_id) ON DELETE CASCADE,
    -- The header as JSON, as sent.
    header BYTEA NOT NULL,
    -- The HPKE encapsulated key: 65 bytes.
    enc BYTEA NOT NULL,
    -- The device's signature: 64 bytes.
    signature BYTEA NOT NULL,
    -- The encrypted payload.
    ciphertext BYTEA NOT NULL
);
