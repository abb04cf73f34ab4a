-- Access tokens, each usable only with the key it was issued to.
CREATE TABLE access_tokens (
    -- SHA-256 of the token: 32 bytes.
    token_hash BYTEA PRIMARY KEY NOT NULL,
    -- RFC 7638 thumbprint of the key it is bound to, as base64url.
    key_thumbprint TEXT NOT NULL,
    -- The person it was issued to; NULL: a worker.
    user_id TEXT REFERENCES users (id),
    -- The worker it was issued to; NULL: a person.
    worker_id TEXT REFERENCES workers (id),
    -- When it was issued, in milliseconds since 1970.
    issued_at BIGINT NOT NULL,
    -- When it ends.
    expires_at BIGINT NOT NULL,
    CHECK ((user_id IS NULL) <> (worker_id IS NULL))
);

CREATE INDEX access_tokens_of_user ON access_tokens (user_id, key_thumbprint);
CREATE INDEX access_tokens_of_worker ON access_tokens (worker_id);
CREATE INDEX access_tokens_by_end ON access_tokens (expires_at);
