-- What differs whenever somebody has changed how one of the tables $1 is defined, tied or
-- indexed. {note} differs with our note of it.
SELECT c.oid, concat_ws('/', c.xmin::text, c.relname, n.nspname,
  (SELECT string_agg(a.xmin::text, ' ') FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0),
  (SELECT string_agg(i.xmin::text, ' ') FROM pg_index i WHERE i.indrelid = c.oid),
  (SELECT string_agg(k.xmin::text, ' ') FROM pg_constraint k WHERE k.conrelid = c.oid),
  (SELECT string_agg(t.xmin::text, ' ') FROM pg_trigger t WHERE t.tgrelid = c.oid),
  {note})
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1)
