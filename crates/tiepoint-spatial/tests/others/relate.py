"""Answers for pairs of geometries, one pair of WKB in hexadecimal per line.

Per pair: whether both are valid, what GEOS says (matrix, then the ten predicates, `E` where it
refuses), and, where asked for by a third column, the matrix by definition in exact fractions.
"""
import sys
from fractions import Fraction

import shapely.wkb
from shapely.geometry import GeometryCollection

PREDICATES = "equals disjoint intersects touches crosses within contains overlaps covers covered_by"


def asked(call):
    try:
        return call()
    except Exception:
        return None


def by_geos(a, b):
    matrix = asked(lambda: a.relate(b)) or "E"
    answers = [asked(lambda: bool(getattr(a, name)(b))) for name in PREDICATES.split()]
    return matrix + " " + "".join("E" if it is None else "FT"[it] for it in answers)


class Exact:
    """A geometry as rings, lines and points in fractions."""

    def __init__(self, geometry):
        self.polygons, self.lines, self.points = [], [], []
        self.read(geometry)
        self.polygon_edges = [e for rings in self.polygons for r in rings for e in edges(r)]
        self.line_edges = [e for line in self.lines for e in edges(line)]
        self.edges = self.polygon_edges + self.line_edges
        ends = [end for line in self.lines for end in (line[0], line[-1])]
        self.odd = {end for end in ends if ends.count(end) % 2}

    def read(self, it):
        if it.is_empty:
            return
        if it.geom_type == "Point":
            self.points.append(exact(it.coords)[0])
        elif it.geom_type == "LineString":
            self.lines.append(exact(it.coords))
        elif it.geom_type == "Polygon":
            self.polygons.append([exact(r.coords) for r in (it.exterior, *it.interiors)])
        else:
            for part in it.geoms:
                self.read(part)

    def locate(self, p):
        on_ring = False
        for rings in self.polygons:
            where = in_polygon(p, rings)
            if where == "I":
                return "I"
            on_ring |= where == "B"
        if on_ring:
            return "I" if self.is_covered_around(p) else "B"
        if any(is_on(p, e) for e in self.line_edges):
            return "B" if p in self.odd else "I"
        return "I" if p in self.points else "E"

    def is_covered_around(self, p):
        """Whether polygons adjoin all around p: seen a very little beside every edge from p."""
        tiny = Fraction(1, 10**60)
        for a, b in self.polygon_edges:
            if not is_on(p, (a, b)):
                continue
            for end in (a, b):
                d = (end[0] - p[0], end[1] - p[1])
                for n in (-1, 1):
                    at = (p[0] + tiny * (d[0] - n * d[1] * tiny), p[1] + tiny * (d[1] + n * d[0] * tiny))
                    if d != (0, 0) and all(in_polygon(at, rings) != "I" for rings in self.polygons):
                        return False
        return True


def exact(coords):
    return [(Fraction(c[0]), Fraction(c[1])) for c in coords]


def edges(line):
    return [(a, b) for a, b in zip(line, line[1:]) if a != b]


def cross(a, b, p):
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def is_on(p, e):
    (a, b) = e
    return (
        min(a[0], b[0]) <= p[0] <= max(a[0], b[0])
        and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])
        and cross(a, b, p) == 0
    )


def in_polygon(p, rings):
    inside = False
    for ring in rings:
        for a, b in edges(ring):
            if is_on(p, (a, b)):
                return "B"
            if (a[1] > p[1]) != (b[1] > p[1]):
                inside ^= (cross(a, b, p) > 0) == (b[1] > a[1])
    return "I" if inside else "E"


def meetings(e, f):
    (a, b), (c, d) = e, f
    d1 = (b[0] - a[0], b[1] - a[1])
    d2 = (d[0] - c[0], d[1] - c[1])
    det = d1[0] * d2[1] - d1[1] * d2[0]
    if det:
        t = ((c[0] - a[0]) * d2[1] - (c[1] - a[1]) * d2[0]) / det
        p = (a[0] + t * d1[0], a[1] + t * d1[1])
        if 0 <= t <= 1 and is_on_box(p, f):
            yield p


def is_on_box(p, e):
    return all(min(e[0][i], e[1][i]) <= p[i] <= max(e[0][i], e[1][i]) for i in (0, 1))


def by_definition(a, b):
    """Locates one position of every node, piece of edge and face of both together."""
    a, b = Exact(a), Exact(b)
    cells = {}

    def note(p, dimension):
        key = a.locate(p), b.locate(p)
        cells[key] = max(dimension, cells.get(key, 0))

    every = a.edges + b.edges
    nodes = set(a.points + b.points) | {end for e in every for end in e}
    for i, e in enumerate(every):
        for f in every[:i]:
            nodes.update(meetings(e, f))
    for p in nodes:
        note(p, 0)
    xs = sorted({p[0] for p in nodes})
    for x in xs:
        ys = sorted({p[1] for p in nodes if p[0] == x})
        for low, high in zip(ys, ys[1:]):
            p = (x, (low + high) / 2)
            if any(is_on(p, e) for e in every):
                note(p, 1)
    for left, right in zip(xs, xs[1:]):
        x = (left + right) / 2
        ys = set()
        for (p, q) in every:
            if min(p[0], q[0]) < x < max(p[0], q[0]):
                ys.add(p[1] + (x - p[0]) / (q[0] - p[0]) * (q[1] - p[1]))
        ys = sorted(ys)
        for y in ys:
            note((x, y), 1)
        for low, high in zip(ys, ys[1:]):
            note((x, (low + high) / 2), 2)
    cells["E", "E"] = 2
    return "".join(str(cells.get((p, q), "F")) for p in "IBE" for q in "IBE")


def read(word):
    return without_empty_members(shapely.wkb.loads(bytes.fromhex(word)))


def without_empty_members(it):
    """GEOS 3.11 crashes on a collection with an empty point in it."""
    if it.geom_type != "GeometryCollection":
        return it
    return GeometryCollection([without_empty_members(g) for g in it.geoms if not g.is_empty])


for line in sys.stdin:
    words = line.split()
    first, second = read(words[0]), read(words[1])
    if not (first.is_valid and second.is_valid):
        print("invalid")
    elif len(words) > 2:
        print(by_definition(first, second))
    else:
        print(by_geos(first, second))
