-- Whose schema sqitch is, in one line for the operator, where it is nobody's that the connected role has to trust; nothing
-- when it may be read and written. Asked of the catalog alone, before anything in that schema is: who may make schemas in
-- a database without one could put a view there, or a trigger, and have his functions run by who migrates.

SELECT format('schema sqitch, where the migrations are recorded, is of role %I, whose functions would run as role %I: if '
  'that is to be trusted, GRANT %1$I TO %2$I', pg_get_userbyid(nspowner), current_user)
FROM pg_catalog.pg_namespace
WHERE nspname = 'sqitch' AND NOT EXISTS (
  SELECT FROM pg_catalog.pg_roles AS owner
  WHERE owner.oid = nspowner AND (owner.rolsuper OR owner.rolname = current_user))
-- Of this database, or by membership that somebody gave; a superuser has each without.
AND nspowner NOT IN (SELECT datdba FROM pg_catalog.pg_database WHERE datname = current_database())
AND NOT EXISTS (
  WITH RECURSIVE given AS (
    SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user
    UNION
    SELECT roleid FROM pg_catalog.pg_auth_members JOIN given ON member = given.oid)
  SELECT FROM given WHERE given.oid = nspowner)
-- Who owns our tables has their triggers run by whoever writes them.
AND nspowner NOT IN (
  SELECT relowner FROM pg_catalog.pg_class
  WHERE relname = 'orders' AND relkind = 'r' AND relnamespace::regnamespace::name = ANY (current_schemas(false)));
