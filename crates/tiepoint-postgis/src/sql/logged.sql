-- The layers of which changes are noted: number, table, what it was called, whether this role may
-- read its entries, whether the columns are as noted, whether everything of ours is in place, and
-- whether this role may put it there.
SELECT l.log, l.layer::oid, l.place, c.oid IS NOT NULL,
  coalesce(has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid), false),
  coalesce(tiepoint.shape(c.oid) = l.shape, false),
  NOT EXISTS (
    SELECT FROM (SELECT c.oid AS part, true AS is_leaf WHERE c.relkind <> 'p'
      UNION SELECT relid, isleaf FROM pg_partition_tree(c.oid)) p
    CROSS JOIN unnest($1::text[]) AS name
    WHERE (p.is_leaf OR name NOT LIKE '%truncate') AND NOT EXISTS (
      SELECT FROM pg_trigger g JOIN pg_proc f ON f.oid = g.tgfoid
      WHERE g.tgrelid = p.part AND g.tgname = name AND g.tgenabled IN ('O', 'A')
        AND f.proname = 'note_' || l.log || replace(name, 'aa_tiepoint', '') AND f.pronamespace = to_regnamespace('tiepoint'))),
  coalesce(pg_has_role(coalesce(c.relowner, (SELECT relowner FROM pg_class
    WHERE oid = to_regclass(l.place))), 'USAGE') AND has_table_privilege('tiepoint.log', 'INSERT'), false),
  l.key, l.keep, n.nspname || '.' || c.relname
FROM tiepoint.logged l LEFT JOIN pg_class c ON c.oid = l.layer
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
