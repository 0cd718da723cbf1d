-- The notes of old orders are deleted.
-- squawk-ignore ban-drop-not-null
ALTER TABLE orders ALTER COLUMN note DROP NOT NULL;
ALTER TABLE orders ALTER COLUMN address DROP NOT NULL;

ALTER TABLE orders ADD COLUMN total INTEGER;
ALTER TABLE orders ADD COLUMN paid_at TIMESTAMP; -- squawk-ignore prefer-timestamp-tz
ALTER TABLE orders ADD COLUMN sent_at TIMESTAMP;
ALTER TABLE orders DROP COLUMN size;
