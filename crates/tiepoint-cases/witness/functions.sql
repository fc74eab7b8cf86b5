-- The functions of the expression language said in PostgreSQL and PostGIS, in a schema that hides
-- what PostgreSQL means otherwise: quotients of integers, division by zero, overflow, rounding of
-- halves, case beyond ASCII, nulls among several values.
drop schema if exists witness cascade;
create schema witness;
set search_path = witness, pg_catalog, public;

create function within(n numeric) returns bigint language sql immutable as $$
  select case when n between -9223372036854775808 and 9223372036854775807 then n::bigint end $$;

do $$
declare a text; b text; op text;
begin
  foreach a in array array['int4', 'int8'] loop
    foreach b in array array['int4', 'int8'] loop
      foreach op in array array['+', '-', '*'] loop
        execute format('create function calc_%s(a %s, b %s) returns int8 language sql immutable as
          ''select witness.within(a::numeric operator(pg_catalog.%s) b::numeric)''',
          case op when '+' then 'add' when '-' then 'sub' else 'mul' end, a, b, op);
        execute format('create operator %s (leftarg = %s, rightarg = %s, function = calc_%s)',
          op, a, b, case op when '+' then 'add' when '-' then 'sub' else 'mul' end);
      end loop;
      execute format('create function ratio(a %s, b %s) returns float8 language sql immutable as
        ''select a::float8 operator(pg_catalog./) nullif(b, 0)::float8''', a, b);
      execute format('create operator / (leftarg = %s, rightarg = %s, function = ratio)', a, b);
      execute format('create function rest(a %s, b %s) returns int8 language sql immutable as
        ''select witness.within(a::numeric operator(pg_catalog.%%) nullif(b, 0)::numeric)''', a, b);
      execute format('create operator %% (leftarg = %s, rightarg = %s, function = rest)', a, b);
      execute format('create function whole(a %s, b %s) returns int8 language sql immutable as
        ''select witness.within(div(a::numeric, nullif(b, 0)::numeric))''', a, b);
      execute format('create operator // (leftarg = %s, rightarg = %s, function = whole)', a, b);
    end loop;
  end loop;
end $$;

create function minus(a int8) returns int8 language sql immutable as
  $$ select witness.within(operator(pg_catalog.-) a::numeric) $$;
create operator - (rightarg = int8, function = minus);
create function ratio(a float8, b float8) returns float8 language sql immutable as
  $$ select a operator(pg_catalog./) nullif(b, 0) $$;
create operator / (leftarg = float8, rightarg = float8, function = ratio);
create function ratio(a numeric, b numeric) returns numeric language sql immutable as
  $$ select a operator(pg_catalog./) nullif(b, 0) $$;
create operator / (leftarg = numeric, rightarg = numeric, function = ratio);
create function abs(a int8) returns int8 language sql immutable as
  $$ select witness.within(pg_catalog.abs(a::numeric)) $$;
create function sqrt(a float8) returns float8 language sql immutable as
  $$ select case when a >= 0 then pg_catalog.sqrt(a) end $$;
create function ln(a float8) returns float8 language sql immutable as
  $$ select case when a > 0 then pg_catalog.ln(a) end $$;
create function asin(a float8) returns float8 language sql immutable as
  $$ select case when pg_catalog.abs(a) <= 1 then pg_catalog.asin(a) end $$;
create function acos(a float8) returns float8 language sql immutable as
  $$ select case when pg_catalog.abs(a) <= 1 then pg_catalog.acos(a) end $$;
create function round(a float8) returns float8 language sql immutable as
  $$ select case when a < 0 then ceil(a - 0.5::float8) else floor(a + 0.5::float8) end $$;
create function round(a int8) returns int8 language sql immutable as $$ select a $$;
create function floor(a int8) returns int8 language sql immutable as $$ select a $$;
create function ceil(a int8) returns int8 language sql immutable as $$ select a $$;

create function lower(t text) returns text language sql immutable as
  $$ select pg_catalog.lower(t collate "und-x-icu") collate "C" $$;
create function upper(t text) returns text language sql immutable as
  $$ select pg_catalog.upper(t collate "und-x-icu") collate "C" $$;
create function casei(t text) returns text language sql immutable as
  $$ select witness.lower(witness.upper(t)) $$;
create function accenti(t text) returns text language sql immutable as
  $$ select normalize(regexp_replace(normalize(t, NFD), U&'[\0300-\036F\0483-\0489\20D0-\20F0\3099\309A]', '', 'g'), NFC) $$;
create function trim_(t text) returns text language sql immutable as
  $$ select regexp_replace(t, U&'^[\0020\0009-\000D\0085\00A0\3000]+|[\0020\0009-\000D\0085\00A0\3000]+$', '', 'g') $$;
create function concat_(variadic parts text[]) returns text language sql immutable as
  $$ select case when array_position(parts, null) is null then array_to_string(parts, '') end $$;
create function ends_with(t text, part text) returns boolean language sql immutable as
  $$ select right(t, char_length(part)) = part or part = '' and t is not null $$;
create function matches(t text, pattern text) returns boolean language sql immutable as
  $$ select t ~ pattern $$;
create function least_(variadic parts anycompatiblearray) returns anycompatible language sql immutable as
  $$ select case when array_position(parts, null) is null then (select min(p) from unnest(parts) p) end $$;
create function greatest_(variadic parts anycompatiblearray) returns anycompatible language sql immutable as
  $$ select case when array_position(parts, null) is null then (select max(p) from unnest(parts) p) end $$;

create function to_integer(t text) returns int8 language sql immutable as
  $$ select case when t ~ '^[+-]?[0-9]+$' then witness.within(t::numeric) end $$;
create function to_integer(b boolean) returns int8 language sql immutable as $$ select b::int::int8 $$;
create function to_integer(n int8) returns int8 language sql immutable as $$ select n $$;
create function to_real(t text) returns float8 language sql immutable as
  $$ select case when t ~ '^[+-]?[0-9]+([.][0-9]*)?(e[+-]?[0-9]+)?$' then t::float8 end $$;
create function to_real(n int8) returns float8 language sql immutable as $$ select n::float8 $$;
create function to_boolean(n int8) returns boolean language sql immutable as $$ select n <> 0 $$;
create function to_text(t anyelement) returns text language sql immutable as $$ select t::text $$;
create function to_date(t text) returns date language sql immutable as $$ select t::date $$;
create function to_date(t timestamp) returns date language sql immutable as $$ select t::date $$;
create function to_time(t text) returns time language sql immutable as $$ select t::time $$;
create function to_timestamp(t date) returns timestamp language sql immutable as $$ select t::timestamp $$;

do $$
declare part text; name text; ty text;
begin
  foreach ty in array array['date', 'timestamp'] loop
    foreach name in array array['year:year', 'month:month', 'day:day', 'day_of_week:isodow', 'day_of_year:doy'] loop
      execute format('create function %s(t %s) returns int8 language sql immutable as ''select extract(%s from t)::int8''',
        split_part(name, ':', 1), ty, split_part(name, ':', 2));
    end loop;
  end loop;
  foreach ty in array array['time', 'timestamp'] loop
    foreach name in array array['hour', 'minute'] loop
      execute format('create function %s(t %s) returns int8 language sql immutable as ''select extract(%s from t)::int8''', name, ty, name);
    end loop;
    execute format('create function second(t %s) returns float8 language sql immutable as ''select extract(second from t)::float8''', ty);
  end loop;
end $$;
create function year(t timestamptz) returns int8 language sql stable as $$ select extract(year from t)::int8 $$;
create function time_of(t timestamp) returns time language sql immutable as $$ select t::time $$;
create function t_after(a timestamptz, b timestamptz) returns boolean language sql immutable as $$ select a > b $$;
create function t_before(a timestamptz, b timestamptz) returns boolean language sql immutable as $$ select a < b $$;
create function t_equals(a timestamptz, b timestamptz) returns boolean language sql immutable as $$ select a = b $$;
create function t_disjoint(a timestamptz, b timestamptz) returns boolean language sql immutable as $$ select a <> b $$;
create function t_intersects(a timestamptz, b timestamptz) returns boolean language sql immutable as $$ select a = b $$;

create function a_contains(a jsonb, b jsonb) returns boolean language sql immutable as
  $$ select case when jsonb_typeof(a) = 'array' then a @> b end $$;
create function a_containedby(a jsonb, b jsonb) returns boolean language sql immutable as
  $$ select case when jsonb_typeof(a) = 'array' then a <@ b end $$;
create function a_overlaps(a jsonb, b jsonb) returns boolean language sql immutable as
  $$ select case when jsonb_typeof(a) = 'array' then exists (select from jsonb_array_elements(a) x, jsonb_array_elements(b) y where x = y) end $$;

create function s_equals(a geometry, b geometry) returns boolean language sql immutable as
  $$ select case when ST_IsEmpty(a) or ST_IsEmpty(b) then ST_IsEmpty(a) and ST_IsEmpty(b) else ST_Equals(a, b) end $$;
do $$
declare name text;
begin
  foreach name in array array['intersects', 'disjoint', 'touches', 'within', 'overlaps', 'crosses', 'contains', 'covers', 'coveredby'] loop
    execute format('create function s_%s(a geometry, b geometry) returns boolean language sql immutable as ''select ST_%s(a, b)''', name, name);
  end loop;
end $$;
create function boxes_meet(a geometry, b geometry) returns boolean language sql immutable as $$
  select coalesce(ST_XMin(a) <= ST_XMax(b) and ST_XMin(b) <= ST_XMax(a)
    and ST_YMin(a) <= ST_YMax(b) and ST_YMin(b) <= ST_YMax(a), case when a is not null and b is not null then false end) $$;
create function distance(a geometry, b geometry) returns float8 language sql immutable as $$ select ST_Distance(a, b) $$;
create function area(a geometry) returns float8 language sql immutable as $$ select ST_Area(a) $$;
create function length(a geometry) returns float8 language sql immutable as $$ select ST_Length(a) $$;
create function perimeter(a geometry) returns float8 language sql immutable as $$ select ST_Perimeter(a) $$;
create function centroid(a geometry) returns geometry language sql immutable as
  $$ select case when not ST_IsEmpty(a) then ST_Centroid(a) end $$;
create function envelope(a geometry) returns geometry language sql immutable as
  $$ select case when not ST_IsEmpty(a) then ST_Envelope(a) end $$;
do $$
declare name text;
begin
  foreach name in array array['x', 'y', 'z', 'm'] loop
    execute format('create function %s(a geometry) returns float8 language sql immutable as ''select case when GeometryType(a) in (''''POINT'''', ''''POINTM'''') then ST_%s(a) end''', name, name);
  end loop;
  foreach name in array array['xmin', 'ymin', 'xmax', 'ymax'] loop
    execute format('create function %s_%s(a geometry) returns float8 language sql immutable as ''select ST_%s(a)''', right(name, 3), left(name, 1), name);
  end loop;
end $$;
create function num_points(a geometry) returns int8 language sql immutable as $$ select ST_NPoints(a)::int8 $$;
create function num_geometries(a geometry) returns int8 language sql immutable as
  $$ select case when ST_IsEmpty(a) then 0 else ST_NumGeometries(a) end::int8 $$;
create function geometry_kind(a geometry) returns text language sql immutable as $$ select substr(ST_GeometryType(a), 4) $$;
create function dims(a geometry) returns text language sql immutable as
  $$ select (array['XY', 'XYM', 'XYZ', 'XYZM'])[ST_Zmflag(a) + 1] $$;
create function dimension(a geometry) returns int8 language sql immutable as $$ select ST_Dimension(a)::int8 $$;
create function is_empty(a geometry) returns boolean language sql immutable as $$ select ST_IsEmpty(a) $$;
create function is_valid(a geometry) returns boolean language sql immutable as $$ select ST_IsValid(a) $$;
