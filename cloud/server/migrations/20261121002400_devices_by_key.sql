-- Whose devices have a key: whoever proves that of a disabled one is told so.
CREATE INDEX devices_by_key ON devices (id);
