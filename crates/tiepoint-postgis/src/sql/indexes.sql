-- The indexes of the tables $1 that can be used.
SELECT i.indrelid, x.relname::text, m.amname::text, i.indisunique, i.indisprimary,
  i.indpred IS NOT NULL, i.indimmediate,
  ARRAY(SELECT k.number FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
        WHERE k.place <= i.indnkeyatts ORDER BY k.place)
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_am m ON m.oid = x.relam
WHERE i.indrelid = ANY ($1) AND i.indisvalid
ORDER BY i.indrelid, x.relname
