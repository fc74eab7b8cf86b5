-- All that `side_tables.sql` and `log_tables.sql` make, and nothing that others have put beside it.
DROP VIEW IF EXISTS tiepoint.changes;
DROP TABLE IF EXISTS tiepoint.log, tiepoint.logged, tiepoint.noting, tiepoint.watcher;
DROP FUNCTION IF EXISTS tiepoint.trim(), tiepoint.shape(oid);
DROP TABLE tiepoint.layer, tiepoint.field, tiepoint.book, tiepoint.origin;
DROP FUNCTION tiepoint.mint(), tiepoint.canonical(text), tiepoint.claim(oid, text);
DROP SCHEMA tiepoint;
