-- The triggers of ours, $2, on table $1: whether they fire (on all partitions, too), and what they run.
SELECT g.tgname::text, g.tgtype,
  NOT EXISTS (
    SELECT FROM pg_trigger e
    WHERE e.tgname = g.tgname AND e.tgenabled NOT IN ('O', 'A') AND (e.oid = g.oid
      OR e.tgrelid IN (SELECT relid FROM pg_partition_tree(g.tgrelid)))),
  g.tgargs, p.prosrc,
  p.prosecdef AND g.tgqual IS NOT NULL AND p.pronamespace = to_regnamespace('tiepoint')
    AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']
FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid
WHERE g.tgrelid = $1 AND g.tgname = ANY ($2::text[])
