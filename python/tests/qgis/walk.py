"""A random walk over every operation and every kind of layer, against a secret-field oracle.

    python3 -m tests.qgis.walk --steps 2000 --seed 1 [--kinds gpkg shp] [--jobs 2]

Each kind walks in a process of its own, so that a crash of QGIS is a failure with a name, too.
When a walk fails, steps are left out as long as it still fails, and what remains is printed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, List, NamedTuple, Optional, Sequence

from . import histogram, kinds, session, walking
from .histogram import Cell, Outcomes
from .shrink import shrink
from .walking import Step

TRIES = 150
PATIENCE_S = 30
PATIENCE_A_STEP_S = 0.5


class Walk(NamedTuple):
    """What one process did: what came of each operation, and where it ended if it failed."""

    outcomes: Outcomes
    failed: Optional[str]
    steps: List[Step]
    took_s: float


def run(
    kind: str, arguments: Sequence[str], steps: str = "", patience_s: float = PATIENCE_S
) -> Walk:
    """Walks in another process, and hears what came of it."""
    command = [sys.executable, "-m", "tests.qgis.walk", "--kinds", kind, "--here", *arguments]
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=out, stderr=err, universal_newlines=True
        )
        failed = _waited_for(child, steps, patience_s)
        out.seek(0)
        err.seek(0)
        told = [json.loads(x[5:]) for x in out if x.startswith("WALK ")]
        said = [x for x in err.read().splitlines() if x.strip()]
    if failed == "":
        failed = said[-1] if said else "it ended without a word"
    return _heard(told, failed, time.monotonic() - began)


def _waited_for(
    child: "subprocess.Popen[str]", steps: str, patience_s: float
) -> Optional[str]:
    """How the process failed, if it did; nothing where it says so itself."""
    try:
        child.communicate(steps, timeout=patience_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return "it hung"
    if child.returncode < 0:
        return "QGIS crashed: signal {}".format(-child.returncode)
    return "" if child.returncode else None


def _heard(told: List[Dict[str, object]], failed: Optional[str], took_s: float) -> Walk:
    outcomes: Outcomes = Counter()
    steps: List[Step] = []
    for line in told:
        if "world" in line:
            steps = []
        elif "step" in line:
            steps.append(Step(*line["step"]))  # type: ignore[misc]
        else:
            outcomes[Cell(steps[-1].operation, str(line["where"]), str(line["outcome"]))] += 1
    return Walk(outcomes, failed, steps, took_s)


def explain(kind: str, walked: Walk) -> str:
    """The shortest walk found that fails like this one, as few lines."""

    def fails(steps: Sequence[Step]) -> bool:
        again = run(kind, ["--replay"], json.dumps(steps))
        return again.failed is not None and alike(again.failed, walked.failed or "")

    if not fails(walked.steps):
        return "{} failed, but not again: {}".format(kind, walked.failed)
    shortest = shrink(walked.steps, fails, TRIES)
    last = run(kind, ["--replay"], json.dumps(shortest)).failed or walked.failed
    lines = ["{} failed: {}".format(kind, last)]
    lines += ["    {} (seed {})".format(*step) for step in shortest]
    return "\n".join(lines)


def alike(one: str, other: str) -> bool:
    """Whether two failures are of one kind, whatever the numbers in them are."""
    strip = str.maketrans("", "", "-0123456789abcdef")
    return one.translate(strip)[:40] == other.translate(strip)[:40]


def walk_all(
    names: Sequence[str], steps: int, seed: int, jobs: int = 0, options: Sequence[str] = ()
) -> bool:
    """Walks each kind so many steps, several at once, and prints what came of it; whether all is
    well."""
    arguments = ["--steps", str(steps), "--seed", str(seed), *options]
    patience_s = PATIENCE_S + steps * PATIENCE_A_STEP_S
    every: Outcomes = Counter()
    failed = 0
    with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        walks = pool.map(lambda name: run(name, arguments, patience_s=patience_s), names)
        for name, walked in zip(names, walks):
            taken = sum(walked.outcomes.values())
            print("{}: {} steps in {:.0f} s".format(name, taken, walked.took_s))
            print("\n".join(histogram.lines(walked.outcomes)))
            print("  " + histogram.summary(walked.outcomes), flush=True)
            every.update(_of_kind(name, walked.outcomes))
            if walked.failed:
                failed += 1
                print(explain(name, walked), flush=True)
    print(histogram.summary(every))
    said = "{} steps, {} kinds, {}: {} failed"
    print(said.format(sum(every.values()), len(names), " ".join(arguments), failed))
    return not failed


def _of_kind(name: str, outcomes: Outcomes) -> Outcomes:
    cells = outcomes.items()
    return Counter({Cell(name + " " + cell[0], *cell[1:]): count for cell, count in cells})


def main(arguments: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000, help="over all kinds")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--kinds", nargs="*", default=[])
    parser.add_argument("--jobs", type=int, default=0, help="at once; as many as there are cores")
    enough = "stop when each outcome of each operation came {} times".format(walking.ENOUGH)
    parser.add_argument("--enough", action="store_true", help=enough)
    parser.add_argument("--here", action="store_true", help="in this process")
    parser.add_argument("--replay", action="store_true", help="steps as JSON from stdin")
    asked = parser.parse_args(arguments)
    session.start()
    names = asked.kinds or [kind.name for kind in kinds.available()]
    if not asked.here:
        steps = -(-asked.steps // len(names))
        options = ["--enough"] if asked.enough else []
        well = walk_all(names, steps, asked.seed, asked.jobs, options)
        return 0 if well else 1
    kind = kinds.KINDS[names[0]]
    if asked.replay:
        walking.replay(kind, [Step(*step) for step in json.load(sys.stdin)])
    else:
        walking.walk(kind, asked.steps, asked.seed, asked.enough)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
