"""What came of the operations of a walk, how often, and what came too seldom to say anything."""

from typing import Counter, List, NamedTuple

from .operations import is_fault
from .walking import ENOUGH


class Cell(NamedTuple):
    """An outcome of an operation, in a layer that was idle, edited, or edited in a transaction."""

    operation: str
    where: str
    outcome: str


Outcomes = Counter[Cell]


def lines(outcomes: Outcomes) -> List[str]:
    """One line a cell."""
    row = "    {:<38} {:<12} {:<40} {:>6}"
    return [row.format(*cell, count) for cell, count in sorted(outcomes.items())]


def summary(outcomes: Outcomes) -> str:
    """How many cells came often enough. Faults of QGIS come as often as they come."""
    wanted = {cell: count for cell, count in outcomes.items() if not is_fault(cell.outcome)}
    enough = sum(count >= ENOUGH for count in wanted.values())
    faults = sum(outcomes.values()) - sum(wanted.values())
    text = "{} of {} outcomes came {} times or more, the rarest {} times; {} faults of QGIS"
    rarest = min(wanted.values(), default=0)
    return text.format(enough, len(wanted), ENOUGH, rarest, faults)
