"""Does one thing the way GeoAlchemy2's users do, and prints the CPU seconds that it took.

Arguments: the URL of a server, the case, and a table or a file. Says the versions when it is ready,
begins when it is sent a line, and prints its CPU seconds of that alone.
"""

import json
import sys
import time

import geoalchemy2
import psycopg
import shapely
import sqlalchemy
from geoalchemy2 import Geometry, WKBElement
from geoalchemy2.shape import to_shape
from sqlalchemy import BigInteger, DateTime, Float, Text, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

url, case, argument = sys.argv[1:]
engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))


class Base(DeclarativeBase):
    pass


class Polygon(Base):
    __tablename__ = argument if case == "insert" else "polygons"
    fid: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    geom = mapped_column(Geometry("POLYGON", srid=4326))
    parcel_id = mapped_column(Text)
    zone = mapped_column(Text)
    population = mapped_column(BigInteger)
    value = mapped_column(Float)
    created = mapped_column(DateTime)
    note = mapped_column(Text)


FIELDS = ["parcel_id", "zone", "population", "value", "created", "note"]


def insert():
    """Objects that are there already, as extended WKB, which is the quickest that it takes."""
    sql = f"SELECT fid, geom::bytea, {', '.join(FIELDS)} FROM polygons"
    with psycopg.connect(url) as connection:
        rows = connection.cursor(binary=True).execute(sql).fetchall()
    objects = [
        Polygon(fid=fid, geom=WKBElement(bytes(ewkb), srid=4326, extended=True),
                **dict(zip(FIELDS, values)))
        for fid, ewkb, *values in rows
    ]

    def work():
        with Session(engine) as session:
            session.add_all(objects)
            session.commit()

    return work


def read():
    def work():
        with Session(engine) as session:
            return session.scalars(select(Polygon)).all()

    return work


def geojson():
    """In the client: streamed, full precision."""
    def work():
        with Session(engine) as session, open(argument, "w") as out:
            out.write('{"type":"FeatureCollection","features":[')
            comma = ""
            for it in session.scalars(select(Polygon).execution_options(yield_per=5000)):
                properties = {name: getattr(it, name) for name in FIELDS}
                properties["created"] = it.created.isoformat()
                geometry = shapely.geometry.mapping(to_shape(it.geom))
                feature = {"type": "Feature", "geometry": geometry, "properties": properties}
                out.write(comma + json.dumps(feature))
                comma = ",\n"
            out.write("]}")

    return work


def server_geojson():
    """By the server, which cuts coordinates off after nine decimals; streamed."""
    def work():
        with engine.connect() as connection, open(argument, "w") as out:
            out.write('{"type":"FeatureCollection","features":[')
            comma = ""
            rows = connection.execution_options(yield_per=5000).execute(
                select(func.ST_AsGeoJSON(Polygon)))
            for part in rows.scalars().partitions():
                out.write(comma + ",\n".join(part))
                comma = ",\n"
            out.write("]}")

    return work


work = globals()[case]()
with engine.connect() as connection:
    connection.execute(select(1))
print(f"GeoAlchemy2 {geoalchemy2.__version__}, SQLAlchemy {sqlalchemy.__version__}", flush=True)
sys.stdin.readline()
start = time.process_time()
kept = work()
print(time.process_time() - start, flush=True)
