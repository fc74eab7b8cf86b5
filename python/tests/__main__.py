"""Runs the tests, all or some, and ends at once: closing QGIS crashes in some versions.

    python -m tests [MODULE...]
"""

import os
import sys
import unittest
from pathlib import Path
from typing import List

HERE = Path(__file__).resolve().parent


def suite(names: List[str]) -> unittest.TestSuite:
    """The tests of these modules and packages, or all there are."""
    return unittest.TestSuite(tests_of(name) for name in names or [""])


def tests_of(name: str) -> unittest.TestSuite:
    """The tests of one module, or of all in a package."""
    loader, place = unittest.defaultTestLoader, HERE.joinpath(*name.split("."))
    if place.is_dir():
        return loader.discover(str(place), top_level_dir=str(HERE.parent))
    return loader.loadTestsFromName(f"tests.{name}")


if __name__ == "__main__":
    result = unittest.TextTestRunner().run(suite(sys.argv[1:]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0 if result.wasSuccessful() and result.testsRun else 1)
