-- Invitations that nobody accepted yet: one a person.
CREATE TABLE invitations (
    -- Who was invited.
    user_id TEXT PRIMARY KEY NOT NULL REFERENCES users (id),
    -- HMAC-SHA-256 of person and code, under a key of the server's: 32 bytes.
    code_hmac BYTEA NOT NULL,
    -- When it was sent, in milliseconds since 1970.
    sent_at BIGINT NOT NULL,
    -- When it ends.
    expires_at BIGINT NOT NULL
);
