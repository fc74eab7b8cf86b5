-- Column $2 of table $1: whether it is the server's own, and whether rows are told apart, or put
-- into partitions, by it.
SELECT a.attnum < 0,
  EXISTS (
    SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary
      AND a.attnum = ANY (i.indkey::int2[]))
  OR EXISTS (
    SELECT FROM pg_partitioned_table p
    LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = p.partrelid
      AND d.refclassid = d.classid AND d.refobjid = d.objid AND d.deptype = 'i'
    WHERE p.partrelid = a.attrelid
      AND (a.attnum = ANY (p.partattrs::int2[]) OR a.attnum = d.refobjsubid))
FROM pg_attribute a
WHERE a.attrelid = $1 AND a.attname = $2::text AND NOT a.attisdropped
