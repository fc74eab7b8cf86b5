-- The tables, views and foreign tables that may be layers, $1: schemas to look in (all where null),
-- $2: a table to look at alone (all where null).
SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text,
  obj_description(c.oid, 'pg_class'),
  has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'DELETE')
    AND (has_table_privilege(c.oid, 'UPDATE') OR has_any_column_privilege(c.oid, 'UPDATE'))
    AND (c.relkind <> 'f' OR pg_relation_is_updatable(c.oid, false) & 28 = 28)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'tiepoint')
  AND ($1::text[] IS NULL OR n.nspname = ANY ($1::text[]))
  AND ($2::oid IS NULL OR c.oid = $2::oid)
  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
  AND NOT EXISTS (
    SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname
