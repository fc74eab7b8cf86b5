"""A strict type checker finds nothing wrong with the package, and knows what users' objects are."""

import os
import subprocess
import unittest

from .support import ROOT, needs_program


class Types(unittest.TestCase):
    def test_a_strict_checker_finds_nothing_in_the_package(self) -> None:
        self.assertEqual(checked(), "")

    def test_objects_are_of_their_class_to_who_uses_it(self) -> None:
        self.assertEqual(checked("tests/typed"), "")


def checked(*files: str) -> str:
    """What mypy finds in these files, or in the package, as `pyproject.toml` says."""
    done = subprocess.run(
        [needs_program("mypy", "mypy"), "--no-error-summary", *files],
        cwd=str(ROOT / "python"),
        env=dict(os.environ, PYTHONPATH=""),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    return done.stdout if done.stdout or done.returncode == 0 else str(done)


if __name__ == "__main__":
    unittest.main()
