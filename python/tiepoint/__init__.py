"""One identity, one language of change, one language of questions, over any store of features.

    import tiepoint

    with tiepoint.open("tour.gpkg") as store:
        for tree in store.read("trees", "height > 20", order="-height"):
            print(tree.id, tree["name"], tree.wkt)
"""

from collections.abc import Mapping

from ._tiepoint import (
    Feature,
    Features,
    Field,
    Layer,
    LayerTies,
    Store,
    TieReport,
    Transition,
    Verdict,
    create,
    is_object_id,
    mint,
    open,
    sqlite_source_id,
)
from .errors import (
    AlreadyExists,
    Conflict,
    Corrupt,
    Denied,
    Error,
    Internal,
    Invalid,
    NotFound,
    NotTied,
    Unavailable,
    Unsupported,
)

Mapping.register(Feature)

__all__ = [
    "AlreadyExists",
    "Conflict",
    "Corrupt",
    "Denied",
    "Error",
    "Feature",
    "Features",
    "Field",
    "Internal",
    "Invalid",
    "Layer",
    "LayerTies",
    "NotFound",
    "NotTied",
    "Store",
    "TieReport",
    "Transition",
    "Unavailable",
    "Unsupported",
    "Verdict",
    "create",
    "is_object_id",
    "mint",
    "open",
    "sqlite_source_id",
]
