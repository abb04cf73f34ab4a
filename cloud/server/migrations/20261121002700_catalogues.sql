-- The catalogue of supported apps that a workspace's worker delivered, the newest one. Its
-- apps are in the table apps as well, each under its own id, to be joined with accounts.
CREATE TABLE catalogues (
    -- Whose it is.
    workspace_id TEXT PRIMARY KEY NOT NULL REFERENCES workspaces (id),
    -- When it was signed, in milliseconds since 1970: only ever grows.
    version BIGINT NOT NULL,
    -- The apps as the vault identity signed them, as JSON: at most 256 KiB.
    apps TEXT NOT NULL,
    -- Its signature (ES256): 64 bytes.
    signature BYTEA NOT NULL,
    -- When it was stored, in milliseconds since 1970.
    updated_at BIGINT NOT NULL
);
