-- Who may see an account, and who may transfer its session.
CREATE TABLE account_roles (
    -- The account.
    account_id TEXT NOT NULL REFERENCES accounts (id),
    -- The person, of the same workspace.
    user_id TEXT NOT NULL REFERENCES users (id),
    -- 'owner' or 'collaborator'.
    role TEXT NOT NULL CHECK (role IN ('owner', 'collaborator')),
    -- When it was given, in milliseconds since 1970.
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id)
);

CREATE INDEX account_roles_of_user ON account_roles (user_id);
