"""What QGIS signals here is what the recorded traces say."""

import json
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, List

from ..support import ROOT, needs_qgis

needs_qgis()

from qgis.core import Qgis  # noqa: E402 (only where there is QGIS)

from . import record, session  # noqa: E402

TRACES = ROOT / "crates" / "tiepoint-objects" / "tests" / "traces"
COMPARED = ["memory", "gpkg", "shp", "spatialite"]


class Traces(unittest.TestCase):
    def test_they_are_recorded_alike_again(self) -> None:
        session.start()
        if not Qgis.QGIS_VERSION.startswith("3.22"):
            self.skipTest("the traces were recorded in QGIS 3.22")
        folder = tempfile.mkdtemp(prefix="tiepoint-traces-")
        self.assertEqual(record.main([folder, *COMPARED]), 0)
        for kind in COMPARED:
            with self.subTest(kind):
                again = lines(Path(folder, kind + ".jsonl"))
                self.assertEqual(again, lines(TRACES / (kind + ".jsonl")))


def lines(path: Path) -> List[Dict[str, Any]]:
    """What was recorded. Fids that QGIS tells of as a set are in no order."""
    told = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in told:
        if "fids" in line and "event" in line:
            line["fids"].sort()
    return told
