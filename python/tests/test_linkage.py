"""One SQLite in a process: the system's, which QGIS has loaded too."""

import json
import os
import subprocess
import sys
import unittest
import zipfile
from pathlib import Path
from typing import List

import tiepoint

from . import processes
from .support import COUNTRIES, ROOT, folder, needs_program, needs_qgis

# A part of SQLite's own schema of its schema: whoever carries this text carries SQLite.
INSIDE_SQLITE = b"tbl_name text,rootpage int,sql text"


class TheWheel(unittest.TestCase):
    wheel: Path

    def setUp(self) -> None:
        self.folder = folder(self)
        pip("wheel", "--no-deps", "--wheel-dir", self.folder, ROOT / "python")
        (self.wheel,) = self.folder.glob("tiepoint-*.whl")

    def test_leaves_sqlite_to_the_system(self) -> None:
        readelf = needs_program("readelf", "binutils")
        (library,) = [name for name in self.names() if name.endswith(".so")]
        with zipfile.ZipFile(self.wheel) as wheel:
            binary = Path(wheel.extract(library, self.folder))
        dynamic = lines([readelf, "--dynamic", "--wide", binary])
        self.assertTrue(any("(NEEDED)" in it and "[libsqlite3.so.0]" in it for it in dynamic))
        symbols = lines([readelf, "--symbols", "--wide", binary])
        sqlite = [it.split() for it in symbols if "sqlite3_" in it]
        self.assertTrue(any("UND" in it for it in sqlite))
        self.assertEqual([it for it in sqlite if "UND" not in it], [])
        self.assertNotIn(INSIDE_SQLITE, binary.read_bytes())

    def test_brings_no_library_along(self) -> None:
        binaries = [name for name in self.names() if ".so" in name or ".libs" in name]
        self.assertEqual(binaries, ["tiepoint/_tiepoint.abi3.so"])

    def test_carries_stubs_and_the_mark_of_a_typed_package(self) -> None:
        self.assertIn("tiepoint/_tiepoint.pyi", self.names())
        self.assertIn("tiepoint/py.typed", self.names())

    def test_is_installed_and_works(self) -> None:
        pip("install", "--no-deps", "--target", self.folder / "site", self.wheel)
        code = "import tiepoint; print(tiepoint.__file__, tiepoint.create('memory:').layers())"
        environment = {**os.environ, "PYTHONPATH": str(self.folder / "site")}
        command = [sys.executable, "-c", code]
        out = subprocess.check_output(command, cwd=self.folder, env=environment, text=True)
        self.assertEqual(out, f"{self.folder}/site/tiepoint/__init__.py []\n")

    def names(self) -> List[str]:
        with zipfile.ZipFile(self.wheel) as wheel:
            return wheel.namelist()


class BesideQgis(unittest.TestCase):
    def test_one_sqlite_serves_both(self) -> None:
        needs_qgis()
        path = folder(self) / "world.gpkg"
        with tiepoint.create(str(path)) as store:
            store.load(COUNTRIES)
        told = json.loads(processes.told(processes.start("beside_qgis", path, "countries")))
        self.assertEqual(told["counts"], [177, 177])
        self.assertEqual(len(told["mapped"]), 1, told["mapped"])
        self.assertEqual(told["qgis"], told["tiepoint"])


def pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *map(str, arguments)], check=True)


def lines(command: "list[object]") -> List[str]:
    return subprocess.check_output([str(it) for it in command], text=True).splitlines()


if __name__ == "__main__":
    unittest.main()
