"""Says an expression in PostgreSQL, with the functions of functions.sql: names change, nothing else."""
import re

KINDS = (
    "POINT|LINESTRING|POLYGON|MULTIPOINT|MULTILINESTRING|MULTIPOLYGON|GEOMETRYCOLLECTION"
)
TOKEN = re.compile(
    r"(?P<text>'(?:[^']|'')*')|(?P<name>\"(?:[^\"]|\"\")*\")"
    rf"|(?P<wkt>\b(?:{KINDS})(?=\s*\(|\s+EMPTY))"
    r"|(?P<call>\b[A-Za-z_]\w*(?=\())|(?P<div>\bdiv\b)|(?P<other>.)",
    re.S,
)
RENAMED = {
    "trim": "trim_",
    "concat": "concat_",
    "least": "least_",
    "greatest": "greatest_",
    "position": "strpos",
    "time": "time_of",
    "negate": "-",
}


def closing(text, start):
    """Where the parenthesis that opens at `start` closes."""
    depth, quoted = 0, False
    for at in range(start, len(text)):
        c = text[at]
        quoted ^= c == "'"
        depth += 0 if quoted else (c == "(") - (c == ")")
        if depth == 0:
            return at
    raise ValueError(text)


def arguments(text):
    from notation import split_outside

    return split_outside(text, ",") if text.strip() else []


def to_sql(text, srid):
    out, at = [], 0
    while at < len(text):
        token = TOKEN.match(text, at)
        at = token.end()
        if token["wkt"]:
            if text[at:].lstrip().startswith("EMPTY"):
                at = text.index("EMPTY", at) + 5
            else:
                at = closing(text, text.index("(", at)) + 1
            out.append(f"ST_GeomFromText('{text[token.start():at]}', {srid})")
        elif token["call"]:
            end = closing(text, at)
            out.append(call(token["call"].lower(), text[at + 1 : end], srid))
            at = end + 1
        elif token["div"]:
            out.append("//")
        elif token["text"]:
            # a constant has a type here, as it has in expressions
            out.append(f"{token['text']}::text" if wants_type(text, token) else token["text"])
        else:
            out.append(token[0])
    return "".join(out)


def wants_type(text, token):
    return not re.search(r"(=|<|>|\bin\s*\([^()]*|between|and)\s*$", text[: token.start()], re.I)


def call(name, inner, srid):
    parts = arguments(inner)
    said = [to_sql(part, srid) for part in parts]
    plain = [part.strip("'") for part in parts]
    if name in ("date", "timestamp", "time") and parts[0].startswith("'"):
        zone = "tz" if name == "timestamp" else ""
        return f"{name}{zone} {parts[0]}"
    if name == "in":
        return f"in ({', '.join(said)})"
    if name in ("and", "or", "not"):
        return f"{name} ({to_sql(inner, srid)})"
    if name == "cast":
        return f"to_{plain[1]}({said[0]})"
    if name == "transform":
        code = {"OGC:CRS84": "4326"}.get(plain[1], plain[1].split(":")[-1])
        return f"ST_Transform({said[0]}, {code})"
    if name == "relate":
        return f"ST_Relate({', '.join(said)})"
    if name == "within_distance":
        factor = "1000" if plain[3] == "km" else "1"
        limit = f"({said[2]})::float8 * {factor}::float8"
        return f"(ST_Distance({said[0]}, {said[1]}) <= {limit})"
    if name == "case":
        pairs = "".join(f" when {w} then {t}" for w, t in zip(said[0::2], said[1::2]))
        last = f" else {said[-1]}" if len(said) % 2 else ""
        return f"(case{pairs}{last} end)"
    if name == "bbox":
        return box_sql(*map(float, parts), srid)
    if name in ("a_contains", "a_containedby", "a_overlaps"):
        members = parts[1].strip()[1:-1].replace("'", '"')
        return f"{name}({said[0]}, '[{members}]'::jsonb)"
    return f"{RENAMED.get(name, name)}({', '.join(said)})"


def box_sql(min_x, min_y, max_x, max_y, srid):
    """A box; one that crosses the antimeridian as its two pieces."""
    if min_x <= max_x:
        return f"ST_MakeEnvelope({min_x}, {min_y}, {max_x}, {max_y}, {srid})"
    west = f"ST_MakeEnvelope({min_x}, {min_y}, 180, {max_y}, {srid})"
    east = f"ST_MakeEnvelope(-180, {min_y}, {max_x}, {max_y}, {srid})"
    return f"ST_Collect({west}, {east})"


def box_pieces(min_x, min_y, max_x, max_y):
    if min_x <= max_x:
        return [(min_x, min_y, max_x, max_y)]
    return [(min_x, min_y, 180.0, max_y), (-180.0, min_y, max_x, max_y)]
