-- The columns of the tables $1, a domain's base type looked up.
SELECT a.attrelid, a.attnum, a.attname::text, b.typname::text,
  (b.nspname = 'pg_catalog' OR b.extension = 'postgis'), b.modifier, b.labels, b.element,
  a.attnotnull OR b.not_null, a.attgenerated <> '', a.attidentity::text,
  pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum),
  coalesce(l.collname IN ('C', 'POSIX', 'ucs_basic') OR (l.collname = 'default'
    AND (SELECT datcollate IN ('C', 'POSIX') AND datlocprovider = 'c' FROM pg_database
         WHERE datname = current_database())), false),
  coalesce(l.collisdeterministic, true),
  has_column_privilege(a.attrelid, a.attnum, 'SELECT')
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation
CROSS JOIN LATERAL (
  WITH RECURSIVE types AS (
    SELECT t.oid, t.typname, t.typtype, t.typbasetype, t.typelem, t.typlen, t.typcategory,
      t.typnamespace, a.atttypmod AS modifier, false AS not_null, 0 AS depth
    FROM pg_type t WHERE t.oid = a.atttypid
    UNION ALL
    SELECT t.oid, t.typname, t.typtype, t.typbasetype, t.typelem, t.typlen, t.typcategory,
      t.typnamespace, o.typtypmod, types.not_null OR o.typnotnull, types.depth + 1
    FROM types JOIN pg_type o ON o.oid = types.oid JOIN pg_type t ON t.oid = types.typbasetype
    WHERE types.typtype = 'd')
  SELECT types.typname, types.modifier, types.not_null, n.nspname,
    (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e
     WHERE e.enumtypid = types.oid) AS labels,
    (SELECT CASE WHEN m.typnamespace = 'pg_catalog'::regnamespace AND m.typtype = 'b'
       THEN m.typname::text ELSE '?' END
     FROM pg_type m WHERE m.oid = types.typelem AND types.typcategory = 'A') AS element,
    (SELECT x.extname FROM pg_depend p JOIN pg_extension x ON x.oid = p.refobjid
     WHERE p.classid = 'pg_type'::regclass AND p.objid = types.oid AND p.deptype = 'e'
       AND p.refclassid = 'pg_extension'::regclass) AS extension
  FROM types JOIN pg_namespace n ON n.oid = types.typnamespace
  ORDER BY types.depth DESC LIMIT 1) b
WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
