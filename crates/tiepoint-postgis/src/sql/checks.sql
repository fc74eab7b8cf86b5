-- The check constraints of the tables $1 that hold of every row.
SELECT conrelid, conname::text, pg_get_constraintdef(oid)
FROM pg_constraint
WHERE conrelid = ANY ($1) AND contype = 'c' AND convalidated
ORDER BY conrelid, conname
