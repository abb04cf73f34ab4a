-- Invitations that were e-mailed, for their limit.
CREATE TABLE invitations_sent (
    -- UUID of version 7.
    id TEXT PRIMARY KEY NOT NULL,
    -- Which workspace invited.
    workspace_id TEXT NOT NULL REFERENCES workspaces (id),
    -- SHA-256 of the e-mail address as compared: 32 bytes.
    email_hash BYTEA NOT NULL,
    -- When, in milliseconds since 1970.
    sent_at BIGINT NOT NULL
);

CREATE INDEX invitations_sent_by_workspace ON invitations_sent (workspace_id, sent_at);
CREATE INDEX invitations_sent_by_time ON invitations_sent (sent_at);
