-- Proofs that were used: each works once (RFC 9449 §11.1).
CREATE TABLE jti (
    -- SHA-256 of key thumbprint and jti: 32 bytes.
    hash BYTEA PRIMARY KEY NOT NULL,
    -- No proof of this jti is accepted after this anyway, in milliseconds since 1970.
    expires_at BIGINT NOT NULL
);

CREATE INDEX jti_by_end ON jti (expires_at);
