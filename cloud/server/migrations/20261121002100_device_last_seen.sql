-- When each device was last used, to a minute or so, in milliseconds since 1970;
-- NULL: not since it was enrolled, or since this is kept.
ALTER TABLE devices ADD COLUMN last_seen_at BIGINT;
