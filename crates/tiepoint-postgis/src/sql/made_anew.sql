-- Tables that are there in place of tied ones that are not, and are not tied themselves.
SELECT l.layer::oid, c.oid, l.id_column::text, l.key_field::text
FROM tiepoint.layer l
JOIN pg_class c ON c.oid = to_regclass(l.place)
WHERE (l.id_column IS NOT NULL OR l.key_field IS NOT NULL)
  AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = l.layer::oid)
  AND NOT EXISTS (SELECT FROM tiepoint.layer n WHERE n.layer = c.oid
    AND (n.id_column IS NOT NULL OR n.key_field IS NOT NULL))
ORDER BY 1
