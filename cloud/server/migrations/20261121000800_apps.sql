-- Apps that a workspace added for itself; the others are in the catalogue.
CREATE TABLE apps (
    -- Whose it is.
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    -- Starts with 'custom-'.
    id TEXT NOT NULL,
    -- The definition, as JSON.
    definition TEXT NOT NULL,
    -- When it was added, in milliseconds since 1970.
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
