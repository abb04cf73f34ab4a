-- Codes that were e-mailed to verify a device.
CREATE TABLE email_codes (
    -- UUID of version 7.
    id TEXT PRIMARY KEY NOT NULL,
    -- To whom it was sent.
    user_id TEXT NOT NULL REFERENCES users (id),
    -- The device that it verifies, and no other. It counts for the person's limit even
    -- when the device is forgotten: no foreign key.
    device_id TEXT NOT NULL,
    -- HMAC-SHA-256 of user, device and code, under a key of the server's: 32 bytes.
    code_hmac BYTEA NOT NULL,
    -- When it was sent, in milliseconds since 1970.
    sent_at BIGINT NOT NULL,
    -- When it ends.
    expires_at BIGINT NOT NULL,
    -- How often somebody tried it.
    tries BIGINT NOT NULL,
    -- When it was used, or a newer one took its place; NULL: neither.
    closed_at BIGINT
);

CREATE INDEX email_codes_of_user ON email_codes (user_id, sent_at);
