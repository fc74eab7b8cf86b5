"""Finds a short list that still fails, by leaving parts out of a long one."""

from typing import Callable, List, Sequence, TypeVar

T = TypeVar("T")


def shrink(items: Sequence[T], fails: Callable[[Sequence[T]], bool], tries: int) -> List[T]:
    """The shortest found in so many tries. It fails if the whole does; halves go first."""
    shortest = list(items)
    size = max(1, len(shortest) // 2)
    while tries > 0:
        start, cut = 0, False
        while start < len(shortest) and tries > 0:
            without = shortest[:start] + shortest[start + size :]
            tries -= 1
            if fails(without):
                shortest, cut = without, True
            else:
                start += size
        if size == 1 and not cut:
            break
        size = max(1, size // 2)
    return shortest
