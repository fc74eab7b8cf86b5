"""A random walk over every operation and every kind of layer, against a secret-field oracle.

    python3 -m tests.qgis.walk --steps 2000 --seed 1 [--kinds gpkg shp]

Each kind walks in a process of its own, so that a crash of QGIS is a failure with a name, too.
When a walk fails, steps are left out as long as it still fails, and what remains is printed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from random import Random
from typing import Counter as CounterOf
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from . import edits, kinds, layer_operations, row_operations, session
from .operations import OPERATIONS
from .shrink import shrink
from .world import World

WITH = (layer_operations, row_operations)
"""Where operations register themselves."""

STEPS_OF_ONE_WORLD = 150
TRIES = 150
PATIENCE_S = 30
PATIENCE_A_STEP_S = 0.5


class Step(NamedTuple):
    """One operation, and the seed from which it picks what it does it to."""

    operation: str
    seed: int


class Spoiled(Exception):
    """QGIS has left rows in the database that it had rolled back: nobody can tell them apart."""


class Walk(NamedTuple):
    """What one process did: what came of each operation, and where it ended if it failed."""

    outcomes: CounterOf[Tuple[str, str]]
    failed: Optional[str]
    steps: List[Step]


def walk(kind: kinds.Kind, steps: int, seed: int, without: Sequence[str]) -> None:
    """Walks, and tells the parent process what it does, line by line."""
    for name in without:
        del OPERATIONS[name]

    left, number = steps, 0
    while left > 0:
        random = Random("{} {} {}".format(kind.name, seed, number))
        _tell(world=number)
        world = World(kind)
        try:
            for _ in range(min(left, STEPS_OF_ONE_WORLD)):
                _take(world, _next_step(world, random))
        except Spoiled:
            pass
        world.close()
        left -= STEPS_OF_ONE_WORLD
        number += 1


def replay(kind: kinds.Kind, steps: Sequence[Step]) -> None:
    """Takes these steps, save those that cannot be taken."""
    world = World(kind)
    try:
        for step in steps:
            if OPERATIONS[step.operation].allowed(world):
                _take(world, step)
    except Spoiled:
        pass
    world.close()


def _next_step(world: World, random: Random) -> Step:
    suiting = [op for op in OPERATIONS.values() if op.suits(world.kind)]
    names = [op.name for op in suiting if op.allowed(world)]
    return Step(random.choice(names), random.randrange(10**6))


def _take(world: World, step: Step) -> None:
    _tell(step=step)
    try:
        outcome = OPERATIONS[step.operation].act(world, Random(step.seed))
    except edits.Refused:
        # A database may refuse at once what a buffer takes, and QGIS goes on as if it had not.
        if not world.in_transaction:
            raise
        outcome = "refused in a transaction"
    if world.in_transaction and world.has_twins():
        world.layer.rollBack()
        outcome = "half lost in a transaction"
        if world.has_twins():
            _tell(outcome=outcome)
            raise Spoiled
    world.check()
    if world.in_transaction and world.kind.fids == "ephemeral" and "undo" in step.operation:
        # Rows are back by other fids, and QGIS goes on with those that it knew: what it does to them
        # from here on it does to none.
        world.layer.rollBack()
        world.check()
    _tell(outcome=outcome)


def _tell(**line: object) -> None:
    print("WALK " + json.dumps(line), flush=True)


def run(
    kind: str, arguments: Sequence[str], steps: str = "", patience_s: float = PATIENCE_S
) -> Walk:
    """Walks in another process, and hears what came of it."""
    command = [sys.executable, "-m", "tests.qgis.walk", "--kinds", kind, "--here", *arguments]
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
    return _heard(told, failed)


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


def _heard(told: List[Dict[str, object]], failed: Optional[str]) -> Walk:
    outcomes: CounterOf[Tuple[str, str]] = Counter()
    steps: List[Step] = []
    for line in told:
        if "world" in line:
            steps = []
        elif "step" in line:
            steps.append(Step(*line["step"]))  # type: ignore[misc]
        else:
            outcomes[(steps[-1].operation, str(line["outcome"]))] += 1
    return Walk(outcomes, failed, steps)


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


def walk_all(names: Sequence[str], steps: int, seed: int, options: Sequence[str] = ()) -> bool:
    """Walks each kind so many steps and prints what came of it; whether all is well."""
    arguments = ["--steps", str(steps), "--seed", str(seed), *options]
    patience_s = PATIENCE_S + steps * PATIENCE_A_STEP_S
    total = failed = 0
    for name in names:
        began = time.monotonic()
        walked = run(name, arguments, patience_s=patience_s)
        taken = sum(walked.outcomes.values())
        total += taken
        print("{}: {} steps in {:.0f} s".format(name, taken, time.monotonic() - began))
        for (operation, outcome), count in sorted(walked.outcomes.items()):
            print("    {:<38} {:<24} {:>6}".format(operation, outcome, count))
        sys.stdout.flush()
        if walked.failed:
            failed += 1
            print(explain(name, walked), flush=True)
    summary = "{} steps, {} kinds, {}: {} failed"
    print(summary.format(total, len(names), " ".join(arguments), failed))
    return not failed


def main(arguments: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000, help="over all kinds")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--kinds", nargs="*", default=[])
    parser.add_argument("--without", nargs="*", default=[], help="operations to leave out")
    parser.add_argument("--here", action="store_true", help="in this process")
    parser.add_argument("--replay", action="store_true", help="steps as JSON from stdin")
    asked = parser.parse_args(arguments)
    session.start()
    names = asked.kinds or [kind.name for kind in kinds.available()]
    if not asked.here:
        steps = -(-asked.steps // len(names))
        well = walk_all(names, steps, asked.seed, ["--without", *asked.without])
        return 0 if well else 1
    kind = kinds.KINDS[names[0]]
    if asked.replay:
        replay(kind, [Step(*step) for step in json.load(sys.stdin)])
    else:
        walk(kind, asked.steps, asked.seed, asked.without)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
