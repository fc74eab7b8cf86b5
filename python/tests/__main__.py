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
    """The tests of these modules, or all there are."""
    loader = unittest.defaultTestLoader
    if names:
        return loader.loadTestsFromNames([f"tests.{name}" for name in names])
    return loader.discover(str(HERE), top_level_dir=str(HERE.parent))


if __name__ == "__main__":
    result = unittest.TextTestRunner().run(suite(sys.argv[1:]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0 if result.wasSuccessful() and result.testsRun else 1)
