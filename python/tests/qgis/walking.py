"""One walk in this process: operation after operation on a layer of one kind, each watched."""

import json
from collections import Counter
from random import Random
from typing import Counter as CounterOf
from typing import Dict, NamedTuple, Sequence

from . import edits, kinds, layer_operations, operations, row_operations
from .operations import OPERATIONS, Operation, Spoiled
from .world import World

WITH = (layer_operations, row_operations)
"""Where operations register themselves."""

STEPS_OF_ONE_WORLD = 150
ENOUGH = 100
"""So often each outcome of an operation is wanted; till then it is chosen more often."""
EAGERNESS = 10
"""And so much more often at most."""
FEWEST_WORLDS = 10
"""Before so many nobody can say what outcomes there are."""


class Step(NamedTuple):
    """One operation, and the seed from which it picks what it does it to."""

    operation: str
    seed: int


class Guide:
    """Chooses what comes next: most often what has come least often."""

    def __init__(self) -> None:
        self._seen: Dict[str, CounterOf[str]] = {}

    def next_step(self, world: World, random: Random) -> Step:
        """An operation that can be done now, with a seed."""
        rows = len(world.rows())
        allowed = [op for op in OPERATIONS.values() if op.allowed(world, rows)]
        weights = [self._weight(op) for op in allowed]
        chosen = random.choices(allowed, weights)[0]
        return Step(chosen.name, random.randrange(10**6))

    def saw(self, operation: str, outcome: str) -> None:
        """What came of an operation."""
        if not operations.is_fault(outcome):
            self._seen.setdefault(operation, Counter())[outcome] += 1

    def is_content(self) -> bool:
        """Whether every outcome came often enough."""
        return all(min(seen.values()) >= ENOUGH for seen in self._seen.values())

    def _weight(self, op: Operation) -> float:
        seen = self._seen.get(op.name)
        least = min(seen.values()) if seen else 0
        return op.urge * max(1, min(EAGERNESS, ENOUGH / (1 + least)))


def walk(kind: kinds.Kind, steps: int, seed: int, enough: bool) -> None:
    """Walks so many steps, or until that is `enough`, and tells the parent process what it does,
    line by line."""
    guide = Guide()
    for number in range(-(-steps // STEPS_OF_ONE_WORLD)):
        if enough and number >= FEWEST_WORLDS and guide.is_content():
            return
        random = Random("{} {} {}".format(kind.name, seed, number))
        _tell(world=number)
        world = World(kind)
        try:
            for _ in range(min(steps - number * STEPS_OF_ONE_WORLD, STEPS_OF_ONE_WORLD)):
                step = guide.next_step(world, random)
                guide.saw(step.operation, _take(world, step))
        except Spoiled:
            pass
        world.close()


def replay(kind: kinds.Kind, steps: Sequence[Step]) -> None:
    """Takes these steps, save those that cannot be taken."""
    world = World(kind)
    try:
        for step in steps:
            if OPERATIONS[step.operation].allowed(world, len(world.rows())):
                _take(world, step)
    except Spoiled:
        pass
    world.close()


def _take(world: World, step: Step) -> str:
    where = world.where
    _tell(step=step)
    try:
        outcome = _act(world, step)
    except Spoiled as what:
        _tell(outcome=operations.fault(str(what)), where=where)
        raise
    world.check()
    if world.in_transaction and world.kind.fids == "ephemeral" and "undo" in step.operation:
        # Rows are back by other fids, and QGIS goes on with those that it knew: what it does to them
        # from here on it does to none.
        world.layer.rollBack()
        world.check()
    _tell(outcome=outcome, where=where)
    return outcome


def _act(world: World, step: Step) -> str:
    try:
        outcome = OPERATIONS[step.operation].act(world, Random(step.seed))
    except edits.Refused:
        # A database may refuse at once what a buffer takes, and QGIS goes on as if it had not.
        if not world.in_transaction:
            raise
        outcome = operations.fault("refused, and goes on")
    return operations.fault(_part_twins(world)) if world.has_twins() else outcome


def _part_twins(world: World) -> str:
    """Two rows have one secret, which the driver gave to one: what QGIS did."""
    if world.in_transaction:
        world.layer.rollBack()
        if world.has_twins():
            raise Spoiled("half rolled back")
        return "half lost"
    if world.kind.name == "geojson":
        raise Spoiled("wrote rows twice")
    operations.must(world.kind.name == "csv", "write each row once")
    layer_operations.delete_twins(world)
    return "wrote rows twice"


def _tell(**line: object) -> None:
    print("WALK " + json.dumps(line), flush=True)
