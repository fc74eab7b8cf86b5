-- What is noted of the layers $1. Others may rename the column of ids: the condition of our trigger
-- follows, the note does not.
SELECT l.layer::oid, l.title, coalesce(followed.name, l.id_column)::text, l.added,
  l.key_field::text, l.namespace::text
FROM tiepoint.layer l
LEFT JOIN LATERAL (
  SELECT a.attname AS name
  FROM pg_trigger g
  JOIN pg_depend d ON d.classid = 'pg_trigger'::regclass AND d.objid = g.oid
    AND d.refclassid = 'pg_class'::regclass AND d.refobjid = g.tgrelid AND d.refobjsubid > 0
  JOIN pg_attribute a ON a.attrelid = g.tgrelid AND a.attnum = d.refobjsubid
  WHERE g.tgrelid = l.layer AND g.tgname = 'zz_tiepoint_update' LIMIT 1) followed
  ON l.id_column IS NOT NULL
WHERE l.layer::oid = ANY ($1)
