-- When each person was deprovisioned, in milliseconds since 1970: they cannot sign in
-- any more. NULL: they were not.
ALTER TABLE users ADD COLUMN deprovisioned_at BIGINT;
