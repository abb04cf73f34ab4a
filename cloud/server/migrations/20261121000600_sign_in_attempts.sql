-- Attempts to sign in that did not succeed (or not yet), for their limit.
CREATE TABLE sign_in_attempts (
    -- UUID of version 7.
    id TEXT PRIMARY KEY NOT NULL,
    -- SHA-256 of the e-mail address as compared: whatever was typed, 32 bytes.
    email_hash BYTEA NOT NULL,
    -- The address it came from, as text; NULL: it counts for the device.
    ip TEXT,
    -- The trusted device of that person that proved its key; NULL: any other client.
    device_id TEXT,
    -- When, in milliseconds since 1970.
    at BIGINT NOT NULL
);

CREATE INDEX sign_in_attempts_by_email ON sign_in_attempts (email_hash, at);
CREATE INDEX sign_in_attempts_by_time ON sign_in_attempts (at);
