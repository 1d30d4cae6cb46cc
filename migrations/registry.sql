-- Whose the schemas are that tools/migrate reads before its own tables, in one line for the operator, where one is nobody's
-- that the connected role has to trust; nothing when they may be read and written. Asked of the catalog alone, before
-- anything in them is: who may make schemas in a database without one could put a view there, or a trigger, and have his
-- functions run by who migrates. Nor is any function of his found here by a name that fits its arguments better.
SET search_path = pg_catalog;

SELECT format('schema %1$I is of role %2$I, whose functions would run as role %3$I: if that is to be trusted, connect as %2$I, '
  'or have a superuser GRANT %2$I TO %3$I', nspname, pg_get_userbyid(nspowner), current_user)
FROM pg_namespace
-- Where the migrations are recorded, and what an adoption moved aside.
WHERE nspname IN ('sqitch', 'original') AND NOT EXISTS (
  SELECT FROM pg_roles AS owner
  WHERE owner.oid = nspowner AND (owner.rolsuper OR owner.rolname = current_user))
AND nspowner NOT IN (SELECT datdba FROM pg_database WHERE datname = current_database())
-- By membership that was given, which a superuser has without, and by one who may act as the connected role anyway: who
-- administers a role could make anybody a member of it, and until PostgreSQL 14 each role administers itself.
AND NOT EXISTS (
  WITH RECURSIVE given AS (
    SELECT oid FROM pg_roles WHERE rolname = current_user
    UNION
    SELECT roleid FROM pg_auth_members JOIN given ON member = given.oid
    WHERE pg_has_role(grantor, current_user, 'MEMBER'))
  SELECT FROM given WHERE given.oid = nspowner)
ORDER BY nspname DESC
LIMIT 1;
