-- What the server knows of table $1 and its partitions: some number of rows, how many of them have
-- changed since it looked, and whether it never has. Nobody but ANALYZE looks at a partitioned table
-- as a whole.
SELECT coalesce(sum(s.n_live_tup), 0)::int8, coalesce(sum(s.n_mod_since_analyze), 0)::int8,
  (SELECT reltuples <= 0 FROM pg_class WHERE oid = $1)
FROM pg_stat_all_tables s
WHERE s.relid = $1 OR s.relid IN (SELECT relid FROM pg_partition_tree($1))
