-- All that `side_tables.sql` makes, and nothing that others have put beside it.
DROP TABLE tiepoint.layer, tiepoint.field, tiepoint.book, tiepoint.origin;
DROP FUNCTION tiepoint.mint(), tiepoint.canonical(text), tiepoint.claim(oid, text);
DROP SCHEMA tiepoint;
