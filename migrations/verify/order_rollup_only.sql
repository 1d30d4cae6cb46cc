-- Verify orders:order_rollup_only on pg
--
-- The functions of the rollup read our tables alone.

BEGIN;

DO $$
BEGIN
  IF EXISTS (
    SELECT FROM (VALUES ('order_rollup_fold(bigint, bigint)'::regprocedure), ('order_rollup_recount()')) AS ours (function)
    WHERE pg_get_functiondef(function) ~ 'FROM (orders|order_rollup)\M'
  ) THEN
    RAISE EXCEPTION 'a function of the rollup takes rows of tables that inherit from ours';
  END IF;
END
$$;

ROLLBACK;
