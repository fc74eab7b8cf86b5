"""The examples print what they say they print."""

import os
import subprocess
import sys
import unittest

from ..support import ROOT, needs_qgis

needs_qgis()

EXAMPLES = ROOT / "python" / "examples"


class Examples(unittest.TestCase):
    def test_each_prints_what_lies_beside_it(self) -> None:
        examples = sorted(EXAMPLES.glob("*.py"))
        self.assertTrue(examples)
        environment = dict(os.environ, QT_QPA_PLATFORM="offscreen")
        for example in examples:
            with self.subTest(example.name):
                done = subprocess.run(
                    [sys.executable, str(example)],
                    stdout=subprocess.PIPE,
                    env=environment,
                    universal_newlines=True,
                    check=True,
                )
                told = example.with_suffix(".txt").read_text(encoding="utf-8")
                self.assertEqual(done.stdout, told)
