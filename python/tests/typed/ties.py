"""What a type checker knows of ties. It is read by one, and never run: an error that is expected and
is not there fails too."""

from typing import Any, List, Optional, Union
from uuid import UUID

from qgis.core import QgsFeature, QgsVectorLayer
from typing_extensions import assert_type

import tiepoint
import tiepoint.qgis
from tiepoint.qgis import Ties


class Well:
    """A class as a plugin has it."""

    def __init__(self, feature: QgsFeature) -> None:
        self.depth_m: float = feature["depth_m"]


def by_a_class(layer: QgsVectorLayer, feature: QgsFeature, text: str, other: UUID) -> None:
    """The ties of a class give objects of it."""
    ties = tiepoint.qgis.tie(layer, Well, alter=True)
    assert_type(ties, Ties[Well])
    assert_type(ties[feature], Well)
    assert_type((ties[7], ties[text], ties[other]), "tuple[Well, Well, Well]")
    assert_type(ties.get(feature), Optional[Well])
    assert_type(ties.get(feature, "none"), Union[Well, str])
    assert_type([well for well in ties], List[Well])
    assert_type(ties.selected(), List[Well])
    assert_type(ties.tie(feature, ties[7]), Well)
    assert_type(ties.object_id(ties[7]), str)
    assert_type(ties.fid(ties[7]), Optional[int])
    ties[feature].depht_m  # type: ignore[attr-defined]
    ties.object_id("no well")  # type: ignore[arg-type]


def by_a_factory(layer: QgsVectorLayer) -> None:
    """The ties of a factory give what that makes."""
    ties = tiepoint.qgis.tie(layer, factory=lambda feature: [1, 2])
    assert_type(ties, Ties[List[int]])


def hooks(ties: Ties[Well]) -> None:
    """Hooks are given objects of the class, and may return what they like."""
    wells: List[Well] = []
    ties.on_added = wells.append
    ties.on_deleted = lambda well: well.depth_m
    ties.on_deleted = lambda well: well.depht_m  # type: ignore[attr-defined]
    ties.on_forked = lambda well, copy: setattr(copy, "depth_m", well.depth_m)
    ties.on_rewritten = lambda well, text: assert_type(text, Optional[str])
    ties.on_cloned = lambda well, feature: Well(feature)
    ties.on_cloned = lambda well, feature: 3  # type: ignore[assignment, return-value]


def options(layer: QgsVectorLayer) -> None:
    """Words are checked, and one layer's ties are found again without their class."""
    tiepoint.qgis.tie(layer, Well, duplicates="frok")  # type: ignore[arg-type]
    tiepoint.qgis.tie(layer, Well, rewritten="ignore")  # type: ignore[arg-type]
    tiepoint.qgis.tie(layer, Well, alter=lambda question: len(question) > 3)
    assert_type(tiepoint.qgis.tied(layer), Optional[Ties[Any]])


def stores() -> None:
    """The stores, too."""
    with tiepoint.open("tour.gpkg") as store:
        for feature in store.read("wells", "depth_m > 100"):
            assert_type(feature.id, Optional[str])
            feature.name  # type: ignore[attr-defined]
