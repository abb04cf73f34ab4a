-- Workers: they hold the vault's private keys, which never come here.
CREATE TABLE workers (
    -- UUID of version 7.
    id TEXT PRIMARY KEY NOT NULL,
    -- The workspace it serves.
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    -- What the admin calls it.
    name TEXT NOT NULL,
    -- SHA-256 of its worker token: 32 bytes.
    token_hash BYTEA NOT NULL UNIQUE,
    -- RFC 7638 thumbprint of the key that it first signed in with, as base64url;
    -- NULL: it never did. From then on the token works with that key only.
    key_thumbprint TEXT,
    -- When its token was made, in milliseconds since 1970.
    created_at BIGINT NOT NULL
);

CREATE INDEX workers_of_workspace ON workers (workspace_id);
