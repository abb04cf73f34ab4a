-- The vault identity of each workspace.
CREATE TABLE vaults (
    -- Whose it is.
    workspace_id TEXT PRIMARY KEY NOT NULL REFERENCES workspaces (id),
    -- The identity and its successions, as JSON.
    identity TEXT NOT NULL,
    -- When it was last replaced, in milliseconds since 1970.
    updated_at BIGINT NOT NULL
);
