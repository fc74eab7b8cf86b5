"""Holds the README's Python to what happens."""

import unittest

from . import processes
from .support import folder, needs_qgis


class TheReadme(unittest.TestCase):
    def test_does_what_it_says(self) -> None:
        needs_qgis()
        last = processes.told(processes.start("readme_in_qgis", folder(self)))
        self.assertRegex(last, r"^[0-9a-f-]{36} \S.* MULTIPOLYGON \(\(\(")


if __name__ == "__main__":
    unittest.main()
