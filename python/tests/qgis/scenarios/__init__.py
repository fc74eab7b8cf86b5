"""What is recorded: short stories of editing, each on a new layer, in the order of the traces."""

from . import editing, ends, copies, surroundings  # noqa: F401, I001 (each adds its own, in order)
from .story import SCENARIOS

__all__ = ["SCENARIOS"]
