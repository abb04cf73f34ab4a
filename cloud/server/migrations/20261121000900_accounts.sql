-- Accounts in apps, whose sessions are transferred.
CREATE TABLE accounts (
    -- UUID of version 7.
    id TEXT PRIMARY KEY NOT NULL,
    -- Whose it is.
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    -- The app, of the catalogue or the workspace's own.
    app_id TEXT NOT NULL,
    -- What people call it.
    name TEXT NOT NULL,
    -- Whose session it takes, as the app writes it; NULL: anybody's.
    identity TEXT,
    -- When it was added, in milliseconds since 1970.
    created_at BIGINT NOT NULL
);

CREATE INDEX accounts_of_workspace ON accounts (workspace_id);
