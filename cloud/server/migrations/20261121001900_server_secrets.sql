-- Keys of the server's own, made at its first start.
CREATE TABLE server_secrets (
    -- What it is for: 'dpop_nonce' or 'email_code'.
    name TEXT PRIMARY KEY NOT NULL,
    -- 32 random bytes.
    value BYTEA NOT NULL,
    -- When it was made, in milliseconds since 1970.
    created_at BIGINT NOT NULL
);
