-- Consents: one person, one account, one text, one time. Kept when revoked.
CREATE TABLE consents (
    -- UUID of version 7.
    id TEXT PRIMARY KEY NOT NULL,
    -- The account whose session may be transferred.
    account_id TEXT NOT NULL REFERENCES accounts (id),
    -- Who agreed.
    user_id TEXT NOT NULL REFERENCES users (id),
    -- Version of the text that was shown.
    text_version BIGINT NOT NULL,
    -- When they agreed, in milliseconds since 1970.
    granted_at BIGINT NOT NULL,
    -- When they revoked it, or agreed to another text; NULL: it holds.
    revoked_at BIGINT
);

-- At most one holds at a time.
CREATE UNIQUE INDEX consents_in_force ON consents (account_id, user_id) WHERE revoked_at IS NULL;
