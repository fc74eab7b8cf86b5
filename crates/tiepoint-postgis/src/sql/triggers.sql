-- The triggers of others on table $1 and its partitions that fire, those of foreign keys aside.
SELECT g.tgrelid::regclass::text, quote_ident(g.tgname), g.tgenabled::text
FROM pg_trigger g
WHERE (NOT g.tgisinternal OR g.tgparentid <> 0) AND g.tgenabled <> 'D'
  AND (g.tgrelid = $1 OR g.tgrelid IN (SELECT relid FROM pg_partition_tree($1)))
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.oid = g.tgconstraint AND k.contype = 'f')
ORDER BY g.oid
