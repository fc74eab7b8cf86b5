"""Measures on WGS 84 by GeographicLib: distances to lines and areas by search along geodesics."""
from geographiclib.geodesic import Geodesic
from shapely import wkt
from shapely.geometry import Point

EARTH = Geodesic.WGS84


def metres(a, b):
    return EARTH.Inverse(a[1], a[0], b[1], b[0])["s12"]


def to_segment(point, a, b):
    """The smallest distance from a point to the geodesic between two others."""
    line = EARTH.InverseLine(a[1], a[0], b[1], b[0])

    def at(part):
        spot = line.Position(part * line.s13)
        return metres(point, (spot["lon2"], spot["lat2"]))

    steps = 64
    best = min(range(steps + 1), key=lambda step: at(step / steps))
    low, high = max(0, best - 1) / steps, min(steps, best + 1) / steps
    golden = (5**0.5 - 1) / 2
    for _ in range(90):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if at(left) < at(right):
            high = right
        else:
            low = left
    return min(at(low), at(0.0), at(1.0))


def members(shape):
    return [part for it in shape.geoms for part in members(it)] if hasattr(shape, "geoms") else [shape]


def lines(shape):
    for part in members(shape):
        if part.geom_type == "Polygon":
            yield from (list(ring.coords) for ring in (part.exterior, *part.interiors))
        elif part.geom_type == "LineString":
            yield list(part.coords)


def distance(a, b):
    """One of the two is a point."""
    shapes = [wkt.loads(a), wkt.loads(b)]
    if any(it.is_empty for it in shapes):
        return None
    shapes.sort(key=lambda it: it.geom_type != "Point")
    point, other = shapes[0].coords[0], shapes[1]
    if any(it.geom_type == "Polygon" and it.covers(Point(point)) for it in members(other)):
        return 0.0
    spots = [metres(point, it.coords[0]) for it in members(other) if it.geom_type == "Point"]
    edges = [to_segment(point, a, b) for line in lines(other) for a, b in zip(line, line[1:])]
    return min(spots + edges)


def ring(coordinates, is_line=False):
    polygon = EARTH.Polygon(is_line)
    for x, y in coordinates if is_line else coordinates[:-1]:
        polygon.AddPoint(y, x)
    return polygon.Compute(False, True)


def area(a):
    total = 0.0
    for part in members(wkt.loads(a)):
        if part.geom_type == "Polygon" and not part.is_empty:
            total += abs(ring(list(part.exterior.coords))[2])
            total -= sum(abs(ring(list(hole.coords))[2]) for hole in part.interiors)
    return total


def length(a):
    shapes = [it for it in members(wkt.loads(a)) if it.geom_type == "LineString"]
    return sum((ring(list(it.coords), True)[1] for it in shapes), 0.0)


def perimeter(a):
    shapes = [it for it in members(wkt.loads(a)) if it.geom_type == "Polygon"]
    return sum((ring(line, True)[1] for it in shapes for line in lines(it)), 0.0)
