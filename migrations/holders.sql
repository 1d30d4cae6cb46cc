-- Who holds locks, in one line for an operator: those of whom :condition is so. What a role may not know of another's
-- session is left out.

SELECT string_agg(who, ', ' ORDER BY who)
FROM (
  SELECT DISTINCT coalesce(
    'process ' || pid || format(' (%s)', concat_ws(', ', 'role ' || usename, nullif(application_name, ''), state,
      'in a transaction since ' || date_trunc('second', xact_start))),
    'a prepared transaction') AS who
  FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)
  WHERE :condition AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND pid IS DISTINCT FROM pg_backend_pid()
) AS holders;
