"""What tests share: the fixtures, and saying what could not run."""

import importlib.util
import os
import shutil
import tempfile
import unittest
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
COUNTRIES = str(ROOT / "fixtures" / "countries.geojson")
CITIES = str(ROOT / "fixtures" / "cities.geojson")


def cannot_run(what: str) -> NoReturn:
    """Skips the test, or fails it where nothing may be skipped."""
    if "TIEPOINT_NO_SKIP" in os.environ:
        raise AssertionError(f"missing: {what}")
    print(f"SKIPPED: {what}")
    raise unittest.SkipTest(what)


def needs_program(name: str, package: str) -> str:
    """The path of a program that a test asks."""
    found = shutil.which(name)
    return found or cannot_run(f"{name} (package {package})")


def needs_qgis() -> None:
    """Passes where QGIS can be imported; it is started in a process of its own."""
    if importlib.util.find_spec("qgis") is None:
        cannot_run("QGIS for Python (package python3-qgis)")


def folder(test: unittest.TestCase) -> Path:
    """A folder that goes when the test is over."""
    made = tempfile.TemporaryDirectory(prefix="tiepoint-")
    test.addCleanup(made.cleanup)
    return Path(made.name)
