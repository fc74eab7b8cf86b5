"""How objects are made of features: by any class, or a function."""

import inspect
from typing import Any, Callable, Optional

from qgis.core import QgsFeature

import tiepoint

#: Makes an object of a feature.
Factory = Callable[[QgsFeature], Any]


def factory_of(cls: Optional[type], factory: Optional[Factory]) -> "tuple[Factory, bool]":
    """How to make objects, and whether that needs a feature.

    ``factory(feature)`` where there is one; else ``cls(feature)`` where the class takes one
    argument, ``cls()`` where it takes none.
    """
    if factory is not None:
        return factory, True
    if cls is None:
        raise tiepoint.Invalid("nothing to make objects of", "give a class or factory=")
    if _takes(cls, 1):
        return cls, True
    if _takes(cls, 0):
        return lambda feature: cls(), False
    name = getattr(cls, "__name__", repr(cls))
    raise tiepoint.Invalid(
        f"{name} takes neither a feature nor nothing",
        f"say how to make one: factory=lambda feature: {name}(...)",
    )


def _takes(cls: type, count: int) -> bool:
    try:
        inspect.signature(cls).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:
        # Classes of C++'s, such as QObject, tell no signature.
        return count == 0
    return True
