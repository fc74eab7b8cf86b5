"""The second witness: asks PostGIS and GeographicLib what the cases expect, and compares.

    python3 witness.py            reports every case that a witness answers otherwise
    python3 witness.py --fill     writes the witness's answer where a case says `?`

Needs psycopg2, shapely, geographiclib, and an empty PostGIS database named by PGHOST, PGPORT,
PGUSER and PGDATABASE. Not part of the tests: its answers are in the cases.
"""
import collections
import decimal
import pathlib
import re
import sys

import psycopg2
from shapely import wkt

import geodesic
from notation import Case, cases, layers, split_outside, unescape
from to_sql import box_pieces, closing, to_sql

TYPES = {
    "datetime": "timestamp", "datetime with offset": "timestamptz", "integer": "int8",
    "real": "float8", "decimal": "numeric", "bytes": "bytea", "json": "jsonb",
}


def srid_of(columns):
    return next((int(ty.split(":")[-1]) for _, ty in columns if "EPSG:" in ty), 0)


def load(cursor, tables):
    cursor.execute((pathlib.Path(__file__).parent / "functions.sql").read_text())
    cursor.execute("set timezone = 'UTC'; set search_path = witness, pg_catalog, public")
    for name, (columns, rows) in tables.items():
        spelled = [
            (field, "geometry" if "EPSG:" in ty else TYPES.get(ty, ty)) for field, ty in columns
        ]
        fields = ", ".join(f'"{field}" {ty}' for field, ty in spelled)
        cursor.execute(f'create table witness."{name}" (fid serial, {fields})')
        for row in rows:
            cells = [cell_value(cell, ty, srid_of(columns)) for cell, (_, ty) in zip(row, spelled)]
            marks = ", ".join(["%s"] * len(cells))
            names = ", ".join(f'"{field}"' for field, _ in spelled)
            cursor.execute(f'insert into witness."{name}" ({names}) values ({marks})', cells)


def cell_value(cell, ty, srid):
    if cell is None:
        return None
    if ty == "text":
        return unescape(cell)
    if ty == "bytea":
        return "\\x" + cell
    return f"SRID={srid};{cell}" if ty == "geometry" else cell


class Witness:
    def __init__(self, cursor, tables):
        self.cursor, self.tables = cursor, tables

    def rows(self, sql):
        self.cursor.execute("savepoint asked")
        try:
            self.cursor.execute(sql)
            return [list(row) for row in self.cursor.fetchall()]
        finally:
            self.cursor.execute("rollback to savepoint asked")

    def answer(self, case):
        """Rows, or for values a list of (pk, value)."""
        if case.evidence == "geodesic":
            return self.along_geodesics(case)
        srid = srid_of(self.tables[case.layer][0])
        said = case.sql or to_sql(case.text, srid)
        if case.kind == "filter":
            return self.pks(f'select pk from "{case.layer}" where {said} order by pk')
        if case.kind == "value":
            ((kind,),) = self.rows(f'select pg_typeof({said})::text from "{case.layer}" limit 1')
            shown = f"ST_AsText({said}, 17)" if kind == "geometry" else said
            return dict(self.rows(f'select pk, {shown} from "{case.layer}"'))
        return getattr(self, case.kind)(case, srid)

    def pks(self, sql):
        return [row[0] for row in self.rows(sql)]

    def order(self, case, srid):
        text, _, condition = case.text.partition(" where ")
        tail = ""
        for word in ("offset", "limit"):
            text, found, count = text.partition(f" {word} ")
            tail += f" {word} {count}" if found else ""
        keys = [self.key(key, srid) for key in split_outside(text, ",")]
        condition = to_sql(condition, srid) or "true"
        keys = ", ".join([*keys, "fid"])
        return self.pks(f'select pk from "{case.layer}" where {condition} order by {keys}{tail}')

    def key(self, text, srid):
        found = re.match(r"(.*?)( asc| desc)?( nulls first| nulls last)?$", text)
        nulls = found[3] or (" nulls last" if found[2] == " desc" else " nulls first")
        return f"{to_sql(found[1], srid)}{found[2] or ''}{nulls}"

    def box(self, case, srid):
        box, _, condition = case.text.partition(" and ")
        *numbers, crs = box.split() if "EPSG" in box else [*box.split(), None]
        pieces = box_pieces(*map(float, numbers))
        if crs:
            pieces = self.transformed(numbers, int(crs.split(":")[1]), srid)
        met = " or ".join(
            f"ST_XMin(geom) <= {c} and {a} <= ST_XMax(geom) and ST_YMin(geom) <= {d} and {b} <= ST_YMax(geom)"
            for a, b, c, d in pieces
        )
        condition = to_sql(condition, srid) or "true"
        return self.pks(f'select pk from "{case.layer}" where ({met}) and ({condition}) order by pk')

    def transformed(self, numbers, there, here):
        """The box around a box, whose edges are followed in small steps, in another CRS."""
        step = (float(numbers[2]) - float(numbers[0])) / 64
        box = f"ST_Segmentize(ST_MakeEnvelope({', '.join(numbers)}, {there}), {step})"
        ends = ", ".join(f"ST_{it}(it)" for it in ("XMin", "YMin", "XMax", "YMax"))
        return self.rows(f"select {ends} from (select ST_Transform({box}, {here}) as it) boxes")

    def nearest(self, case, srid):
        count, place = case.text.split(" ", 1)
        away = f"ST_Distance(geom, ST_GeomFromText('{place}', {srid}))"
        return self.pks(
            f'select pk from "{case.layer}" where {away} is not null order by {away}, fid limit {count}'
        )

    def total(self, case, srid):
        text, _, condition = case.text.partition(" where ")
        name, _, of = text.partition(" ")
        distinct = "distinct " if of.startswith("distinct ") else ""
        of = to_sql(of.removeprefix("distinct ").removeprefix("of "), srid)
        said = {
            "average": f"avg({of})",
            "extent": f"ST_AsText(ST_Extent({of})::geometry, 17)",
        }.get(name, f"{name}({distinct}{of or '*'})")
        condition = to_sql(condition, srid) or "true"
        return self.rows(f'select {said} from "{case.layer}" where {condition}')[0][0]

    def along_geodesics(self, case):
        shapes = self.rows(f'select pk, ST_AsText(geom, 17) from "{case.layer}" order by fid')
        if case.kind == "nearest":
            count, place = case.text.split(" ", 1)
            found = [(geodesic.distance(shape, place), pk) for pk, shape in shapes if shape]
            found = sorted((round(d, 4), at) for at, (d, _) in enumerate(found) if d is not None)
            pks = [pk for pk, shape in shapes if shape]
            return [pks[at] for _, at in found[: int(count)]]
        found = {pk: self.measured(case.text, shape) for pk, shape in shapes}
        return found if case.kind == "value" else sorted(pk for pk, holds in found.items() if holds)

    def measured(self, text, shape):
        """Computes an expression of measures for one geometry."""
        if shape is None:
            return None
        out, at = "", 0
        while found := re.compile(r"(within_distance|distance|area|length|perimeter)\(").search(text, at):
            end = closing(text, found.end() - 1)
            parts = split_outside(text[found.end() : end], ",")
            arguments = [shape] + parts[1:2]
            name = "distance" if found[1] == "within_distance" else found[1]
            number = getattr(geodesic, name)(*arguments)
            if number is None:
                return None
            out += text[at : found.start()] + repr(number)
            if found[1] == "within_distance":
                out += f" <= {float(parts[2]) * (1000 if 'km' in parts[3] else 1)!r}"
            at = end + 1
        return eval((out + text[at:]).replace(" AND ", " and "))


def expected_rows(case, all_pks):
    text = case.expected
    if text == "none":
        return []
    if text.startswith("all"):
        left_out = [int(it) for it in text[7:].split()]
        return [pk for pk in all_pks if pk not in left_out]
    return [int(it) for it in text.split()]


def shortest(found, all_pks):
    left = [pk for pk in all_pks if pk not in found]
    if not found or not left or len(left) < len(found) - 3 and len(found) > 6:
        but = " but " + " ".join(map(str, left)) if left else ""
        return f"all{but}" if found else "none"
    return " ".join(map(str, found))


def same_value(expected, found):
    expected, _, tolerance = expected.partition(" +- ")
    if expected == "null" or found is None:
        return expected == "null" and found is None
    if expected.startswith("'"):
        return unescape(expected) == found
    if isinstance(found, str) and "(" in expected:
        return wkt.loads(expected).equals_exact(wkt.loads(found), 1e-9)
    if isinstance(found, bool) or not hasattr(found, "__float__"):
        shown = found.isoformat() if hasattr(found, "isoformat") else str(found).lower()
        trimmed = lambda it: it.rstrip("0").rstrip(".") if "." in it else it
        return trimmed(shown) == trimmed(expected)
    if isinstance(found, int):
        return int(expected) == found
    if "." not in expected and "e" not in expected:
        return decimal.Decimal(expected) == found
    limit = float(tolerance or 1e-9 * max(abs(float(expected)), 1e-300))
    return abs(float(expected) - float(found)) <= limit


def agree(case, answer, all_pks):
    if case.kind == "value":
        pairs = [it.split(": ", 1) for it in split_outside(case.expected, ";")]
        return all(same_value(value, answer[int(pk)]) for pk, value in pairs)
    if case.kind == "total":
        if "POLYGON" in case.expected:
            return wkt.loads(case.expected).equals(wkt.loads(answer))
        return same_value(case.expected, answer)
    wanted = expected_rows(case, all_pks)
    is_ordered = case.kind in ("order", "nearest")
    return answer == wanted if is_ordered else sorted(answer) == sorted(wanted)


def filled(case, answer, all_pks):
    if case.kind == "total":
        shown = answer.isoformat() if hasattr(answer, "isoformat") else str(answer)
        return f"'{answer}'" if isinstance(answer, str) else shown
    if case.kind != "value":
        if case.kind in ("filter", "box"):
            return shortest(answer, all_pks)
        return " ".join(map(str, answer)) or "none"
    out = []
    for pair in split_outside(case.expected, ";"):
        pk, value = pair.split(": ", 1)
        if value.startswith("?"):
            measure = case.evidence == "geodesic" and not case.text.startswith("area")
            suffix = value[1:] or (" +- 0.001" if measure else "")
            value = "null" if answer[int(pk)] is None else repr(answer[int(pk)]) + suffix
        out.append(f"{pk}: {value}")
    return "; ".join(out)


def main():
    fill = "--fill" in sys.argv
    tables = layers()
    counts, changed = collections.Counter(), {}
    with psycopg2.connect("") as connection, connection.cursor() as cursor:
        load(cursor, tables)
        witness = Witness(cursor, tables)
        for case in cases():
            kind = "error, by definition" if case.is_error else case.evidence
            where = f"{case.path.name}:{case.number}"
            counts[kind] += 1
            if case.is_error or case.evidence == "definition":
                continue
            pks = [int(row[0]) for row in tables[case.layer][1]]
            try:
                answer = witness.answer(case)
                if fill and "?" in case.expected:
                    changed[(case.path, case.number)] = f"{case.asked} => {filled(case, answer, pks)}"
                elif not agree(case, answer, pks):
                    counts["OTHERWISE"] += 1
                    print(f"{where}: {case.asked}\n    expected {case.expected}\n    witness  {answer}")
            except psycopg2.Error as error:
                counts["UNANSWERED"] += 1
                print(f"{where}: {case.asked}\n    {str(error).splitlines()[0]}")
        connection.rollback()
    for (path, number), line in changed.items():
        lines = path.read_text().splitlines()
        lines[number - 1] = line
        path.write_text("\n".join(lines) + "\n")
    for kind, count in counts.items():
        print(f"{count:5} {kind}")


if __name__ == "__main__":
    main()
