-- The network that each device was enrolled from, as text, while it is not trusted yet;
-- empty: not known. NULL: it was trusted, or disabled.
ALTER TABLE devices ADD COLUMN enrolled_from TEXT;
