"""Tests polygons against a district with shapely and mod_spatialite, and prints how many a second.

Arguments: a file of WKB polygons, each after its length in four little-endian bytes, and a file
with the district as WKT. CPU seconds of the tests alone; reading and preparing is not counted.
"""

import sqlite3
import struct
import sys
import time


def polygons(path):
    with open(path, "rb") as file:
        data = file.read()
    at, found = 0, []
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def rate(count, work):
    start = time.process_time()
    work()
    return f"{count / (time.process_time() - start) / 1e6:.2f} M/s"


def by_shapely(wkbs, wkt):
    import shapely
    import shapely.prepared
    import shapely.wkb
    import shapely.wkt

    district = shapely.wkt.loads(wkt)
    if int(shapely.__version__.split(".")[0]) >= 2:
        shapes = shapely.from_wkb(wkbs)
        shapely.prepare(district)
        work = lambda: shapely.intersects(district, shapes)
    else:
        shapes = [shapely.wkb.loads(wkb) for wkb in wkbs]
        prepared = shapely.prepared.prep(district)
        work = lambda: sum(map(prepared.intersects, shapes))
    return f"{rate(len(wkbs), work)} shapely {shapely.__version__}, prepared"


def by_spatialite(wkbs, wkt):
    connection = sqlite3.connect(":memory:")
    connection.enable_load_extension(True)
    connection.load_extension("mod_spatialite")
    connection.execute("CREATE TABLE shapes (shape BLOB)")
    connection.executemany("INSERT INTO shapes VALUES (GeomFromWKB(?, 4326))", ((w,) for w in wkbs))
    (district,) = connection.execute("SELECT GeomFromText(?, 4326)", (wkt,)).fetchone()
    sql = "SELECT count(*) FROM shapes WHERE ST_Intersects(?, shape)"
    return f"{rate(len(wkbs), lambda: connection.execute(sql, (district,)).fetchone())} mod_spatialite"


def main():
    wkbs = polygons(sys.argv[1])
    with open(sys.argv[2]) as file:
        wkt = file.read()
    told = []
    for peer in (by_shapely, by_spatialite):
        try:
            told.append(peer(wkbs, wkt))
        except Exception as reason:
            print(f"{peer.__name__}: {reason}", file=sys.stderr)
    if not told:
        sys.exit("no peer is installed")
    print("; ".join(told))


main()
