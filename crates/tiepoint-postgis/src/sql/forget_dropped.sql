-- Rows of tables that are gone; where one of that name is there again, a check tells of it first.
DELETE FROM tiepoint.field f
WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = f.layer::oid);
DELETE FROM tiepoint.layer l
WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = l.layer::oid)
  AND (coalesce(l.id_column, l.key_field) IS NULL OR l.place IS NULL OR to_regclass(l.place) IS NULL);
