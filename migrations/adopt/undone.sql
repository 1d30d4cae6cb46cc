-- Not there if the adoption was cut short before it was recorded.
DROP SCHEMA IF EXISTS sqitch CASCADE;
ALTER TABLE original.orders SET SCHEMA public;
ALTER TABLE original.alembic_version SET SCHEMA public;
DROP TABLE original.left_behind;
DROP SCHEMA original;
