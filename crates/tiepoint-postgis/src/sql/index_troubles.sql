-- Indexes of table $1 that hold just what another one holds, and those that were never completed.
WITH indexes AS (
  SELECT i.indexrelid, x.relname::text AS name, i.indisvalid,
    concat_ws('/', x.relam, i.indkey, i.indnkeyatts, i.indclass, i.indcollation, i.indoption,
      pg_get_expr(i.indexprs, i.indrelid), i.indpred IS NOT NULL,
      pg_get_expr(i.indpred, i.indrelid)) AS holds
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
  WHERE i.indrelid = $1 AND NOT i.indisexclusion)
SELECT a.name, b.name FROM indexes a JOIN indexes b ON a.holds = b.holds AND a.indexrelid < b.indexrelid
WHERE a.indisvalid AND b.indisvalid
UNION ALL
SELECT name, NULL FROM indexes WHERE NOT indisvalid
ORDER BY 1, 2
