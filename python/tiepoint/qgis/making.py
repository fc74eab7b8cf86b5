"""How objects are made of features: by any class, or a function."""

import inspect
from typing import Callable, Optional, Tuple, Type, TypeVar

from qgis.core import QgsFeature

import tiepoint

#: What an object of the user's is.
Thing = TypeVar("Thing")

#: Makes an object of a feature.
Factory = Callable[[QgsFeature], Thing]

#: What the annotation of an argument says that takes a feature, if it has one.
_OF_FEATURES = ("QgsFeature", "Any", "object")


def factory_of(
    cls: Optional[Type[Thing]], factory: Optional[Factory[Thing]]
) -> Tuple[Factory[Thing], bool]:
    """How to make objects, and whether that needs a feature.

    ``factory(feature)`` where there is one; else ``cls(feature)`` where the class takes one
    argument that may be a feature, ``cls()`` where it takes none.
    """
    if factory is not None:
        return factory, True
    if cls is None:
        raise tiepoint.Invalid("nothing to make objects of", "give a class or factory=")
    if _takes(cls, 1) and _may_take_a_feature(cls):
        return cls, True
    if _takes(cls, 0):
        return _without_feature(cls), False
    name = getattr(cls, "__name__", repr(cls))
    raise tiepoint.Invalid(
        f"{name} takes neither a feature nor nothing",
        f"say how to make one: factory=lambda feature: {name}(...)",
    )


def _without_feature(cls: Type[Thing]) -> Factory[Thing]:
    return lambda feature: cls()


def _takes(cls: Type[Thing], count: int) -> bool:
    try:
        inspect.signature(cls).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:
        # Classes of C++'s, such as QObject, tell no signature.
        return count == 0
    return True


def _may_take_a_feature(cls: Type[Thing]) -> bool:
    """Whether the first argument is not said to be something else, as it is in a dataclass."""
    first = next(iter(inspect.signature(cls).parameters.values()))
    said = first.annotation
    return said is first.empty or any(name in str(said) for name in _OF_FEATURES)
