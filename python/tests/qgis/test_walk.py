"""The random walk, as long as there is time for: `TIEPOINT_LONG` steps, or 2,000."""

import os
import unittest

from ..support import cannot_run, needs_qgis

needs_qgis()

from . import kinds, postgis, session, walk  # noqa: E402 (only where there is QGIS)
from .shrink import shrink  # noqa: E402


class Walk(unittest.TestCase):
    def test_no_object_is_lost_or_crossed(self) -> None:
        if not postgis.address():
            cannot_run("a PostGIS server: TIEPOINT_POSTGIS names none")
        session.start()
        steps = int(os.environ.get("TIEPOINT_LONG", 2000))
        seed = int(os.environ.get("TIEPOINT_SEED", 1))
        each = -(-steps // len(kinds.KINDS))
        self.assertTrue(walk.walk_all(list(kinds.KINDS), each, seed))

    def test_failures_shrink_to_the_steps_that_matter(self) -> None:
        found = shrink(range(100), lambda steps: {17, 42} <= set(steps), 200)
        self.assertEqual(found, [17, 42])
