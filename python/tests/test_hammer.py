"""Two processes write to one GeoPackage for a while, QGIS and tiepoint together in one of them.

`TIEPOINT_HAMMER_SECONDS` says for how long.
"""

import json
import os
import subprocess
import unittest
from typing import List

import tiepoint

from . import processes
from .hammering import LAYER, points
from .support import folder, needs_program, needs_qgis

SECONDS = float(os.environ.get("TIEPOINT_HAMMER_SECONDS", "3"))


class TheHammer(unittest.TestCase):
    def setUp(self) -> None:
        needs_qgis()
        self.shell = needs_program("sqlite3", "sqlite3")
        place = folder(self)
        self.path = str(place / "wells.gpkg")
        first = place / "wells.geojson"
        first.write_text(points(["first"]), encoding="utf-8")
        with tiepoint.create(self.path) as store:
            store.load(str(first))

    def test_leaves_the_file_whole_and_every_acknowledged_row_in_it(self) -> None:
        both = [
            processes.start("hammering_in_qgis", self.path, SECONDS),
            processes.start("hammering", self.path, SECONDS),
        ]
        inside, outside = [json.loads(processes.told(process)) for process in both]
        self.assertEqual(self.asked("PRAGMA integrity_check"), ["ok"])
        self.assertEqual(self.asked(f"SELECT rtreecheck('rtree_{LAYER}_geom')"), ["ok"])
        names = self.asked(f"SELECT name FROM {LAYER}")
        self.assertEqual(len(names), len(set(names)), "no row is there twice")
        acknowledged = {"first", *inside["added"], *outside["added"]}
        self.assertEqual(acknowledged - set(names), set(), "what was acknowledged is there")
        self.assertEqual(set(inside["gone"]) & set(names), set(), "what was deleted is gone")
        ids = self.asked(f"SELECT count(*), count(DISTINCT object_id) FROM {LAYER}")
        self.assertEqual(ids, [f"{len(names)}|{len(names)}"], "every row has an id of its own")
        for side in (inside, outside):
            self.assertGreater(len(side["added"]), 20 * SECONDS / 3, "both sides got to write")

    def asked(self, sql: str) -> List[str]:
        """What SQLite's shell says, a line a row."""
        return subprocess.check_output([self.shell, self.path, sql], text=True).splitlines()


if __name__ == "__main__":
    unittest.main()
