"""Starting the modules beside the tests in processes of their own."""

import os
import subprocess
import sys
from typing import Any

from .support import ROOT


def start(module: str, *arguments: Any) -> "subprocess.Popen[str]":
    """A module of the tests, run headless."""
    command = [sys.executable, "-m", f"tests.{module}", *map(str, arguments)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.Popen(
        command,
        cwd=ROOT / "python",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(process: "subprocess.Popen[str]") -> str:
    """The last line that a process printed, after it ended well."""
    out, errors = process.communicate(timeout=600)
    if process.returncode != 0 or not out:
        raise AssertionError(f"{process.args!r} ended with {process.returncode}:\n{out}\n{errors}")
    return out.splitlines()[-1]
