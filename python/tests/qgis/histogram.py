"""What came of the operations of a walk, how often, and what came too seldom to say anything."""

from collections import Counter
from typing import Counter as CounterOf
from typing import List, NamedTuple

from .operations import is_fault
from .walking import ENOUGH


class Cell(NamedTuple):
    """An outcome of an operation, in a layer that was idle, edited, or edited in a transaction."""

    operation: str
    where: str
    outcome: str


Outcomes = CounterOf[Cell]


def lines(outcomes: Outcomes) -> List[str]:
    """One line a cell."""
    row = "    {:<38} {:<12} {:<40} {:>6}"
    return [row.format(*cell, count) for cell, count in sorted(outcomes.items())]


def summary(outcomes: Outcomes) -> str:
    """How many outcomes of operations came often enough, wherever they did. Faults of QGIS come as
    often as they come."""
    wanted: CounterOf[str] = Counter()
    for cell, count in outcomes.items():
        if not is_fault(cell.outcome):
            wanted[cell.operation + ": " + cell.outcome] += count
    enough = sum(count >= ENOUGH for count in wanted.values())
    faults = sum(outcomes.values()) - sum(wanted.values())
    text = "{} of {} outcomes of operations came {} times or more, {} {} times; {} faults of QGIS"
    rarest, least = min(wanted.items(), key=lambda item: item[1], default=("none", 0))
    return text.format(enough, len(wanted), ENOUGH, rarest, least, faults)
