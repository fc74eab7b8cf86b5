"""PostGIS: columns of every type, and values that are Python's own."""

import datetime
import decimal
import os
import subprocess
import unittest
import uuid

import tiepoint

from .support import cannot_run, needs_program

NAME = f"python_tests_{os.getpid()}"
UTC = datetime.timezone.utc

COLUMNS = f"""
    CREATE TABLE {NAME} (
        id serial PRIMARY KEY, object_id uuid, flag boolean, small smallint, big bigint,
        share real, amount numeric(10, 2), word text, raw bytea, day date, clock time,
        moment timestamptz, told timestamp, notes jsonb, other uuid, geom geometry(Point, 4326)
    )
"""
ROW = f"""
    INSERT INTO {NAME} VALUES (
        7, '67e55044-10b1-426f-9247-bb680e5fe0c8', true, -3, 9007199254740993, 0.5, 12.50, 'Zürich',
        '\\x00ff', '2024-02-29', '12:30:00.25', '2024-02-29T12:30:00Z', '2024-02-29 12:30:00',
        '{{"a": [1, null]}}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'SRID=4326;POINT(1 2)'
    )
"""


class Postgis(unittest.TestCase):
    def setUp(self) -> None:
        self.url = os.environ.get("TIEPOINT_POSTGIS") or cannot_run(
            "a PostGIS server: TIEPOINT_POSTGIS names none"
        )
        self.psql = needs_program("psql", "postgresql-client")
        self.run_sql(COLUMNS)
        self.addCleanup(self.run_sql, f"DROP TABLE {NAME}")
        self.run_sql(ROW)
        self.store = tiepoint.open(self.url)
        self.addCleanup(self.store.close)
        self.store.tie(NAME)
        self.addCleanup(self.store.untie, NAME)

    def test_values_are_pythons_own(self) -> None:
        (feature,) = self.store.read(NAME)
        self.assertEqual((feature.fid, feature.id), (7, "67e55044-10b1-426f-9247-bb680e5fe0c8"))
        self.assertEqual(feature.wkt, "POINT (1 2)")
        expected = {
            "flag": True,
            "small": -3,
            "big": 9007199254740993,
            "share": 0.5,
            "amount": decimal.Decimal("12.50"),
            "word": "Zürich",
            "raw": b"\x00\xff",
            "day": datetime.date(2024, 2, 29),
            "clock": datetime.time(12, 30, 0, 250_000),
            "moment": datetime.datetime(2024, 2, 29, 12, 30, tzinfo=UTC),
            "told": datetime.datetime(2024, 2, 29, 12, 30),
            "notes": {"a": [1, None]},
            "other": uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        }
        told = {name: feature[name] for name in expected}
        self.assertEqual(told, expected)
        self.assertEqual({it: type(told[it]) for it in told}, {it: type(expected[it]) for it in told})

    def test_an_address_where_nobody_listens_is_unavailable(self) -> None:
        with self.assertRaises(OSError) as refused:
            tiepoint.open("postgres://nobody:secret@127.0.0.1:1/none")
        self.assertIsInstance(refused.exception, tiepoint.Unavailable)
        self.assertNotIn("secret", str(refused.exception))

    def run_sql(self, sql: str) -> None:
        command = [self.psql, self.url, "--quiet", "--set", "ON_ERROR_STOP=1", "--command", sql]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    unittest.main()
