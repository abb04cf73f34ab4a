-- People who sign in to Ferry.
CREATE TABLE users (
    -- UUID of version 7.
    id TEXT PRIMARY KEY NOT NULL,
    -- The one workspace they belong to.
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    -- E-mail address as the admin wrote it; codes go there.
    email TEXT NOT NULL,
    -- The same, trimmed and in lower case: what is compared.
    email_key TEXT NOT NULL,
    -- 1: they sign in, or did, with this address, and nobody else does. 0: they were
    -- invited, and have not accepted; another workspace may invite the same address.
    holds_email BIGINT NOT NULL CHECK (holds_email IN (0, 1)),
    -- What to call them.
    name TEXT NOT NULL,
    -- argon2id, as a PHC string.
    password_hash TEXT NOT NULL,
    -- Whether they administer the workspace: 1, or 0.
    admin BIGINT NOT NULL CHECK (admin IN (0, 1)),
    -- When they were added, in milliseconds since 1970.
    created_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX users_by_email ON users (email_key) WHERE holds_email = 1;
CREATE UNIQUE INDEX users_of_workspace ON users (workspace_id, email_key);
CREATE INDEX users_invited_by_email ON users (email_key) WHERE holds_email = 0;
