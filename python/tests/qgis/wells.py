"""What tests of objects share: layers of wells in memory, and a class for them."""

import unittest
from typing import Any, List

from ..support import needs_qgis

needs_qgis()

import tiepoint  # noqa: E402 (only where there is QGIS)
import tiepoint.qgis  # noqa: E402
from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsVectorLayer  # noqa: E402

from . import session  # noqa: E402

FIELDS = "field=object_id:string(36)&field=name:string"


class Well:
    """What a plugin has behind a feature."""

    def __init__(self, feature: QgsFeature) -> None:
        self.name = feature["name"]


def layer_of(*names: str, ids: bool = True, geometry: str = "Point?crs=EPSG:4326&") -> QgsVectorLayer:
    """A layer of wells of these names, with ids or with empty fields for them."""
    made = QgsVectorLayer(geometry + FIELDS, "wells", "memory")
    wells = [new(made, name, tiepoint.mint() if ids else None) for name in names]
    made.dataProvider().addFeatures(wells)
    return made


def new(layer: QgsVectorLayer, name: str, object_id: Any = None) -> QgsFeature:
    """A feature that is not in the layer yet."""
    feature = QgsFeature(layer.fields())
    feature["name"], feature["object_id"] = name, object_id
    if layer.isSpatial():
        feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(7, 47)))
    return feature


def first(layer: QgsVectorLayer) -> QgsFeature:
    """The layer's first feature."""
    return next(layer.getFeatures())


class Case(unittest.TestCase):
    """Starts QGIS, and keeps the layers that a test ties until it is over."""

    kept: List[QgsVectorLayer]

    @classmethod
    def setUpClass(cls) -> None:
        session.start()

    def tied(self, layer: QgsVectorLayer, *arguments: Any, **named: Any) -> Any:
        """The ties of a layer, for as long as the test runs."""
        self.kept = getattr(self, "kept", []) + [layer]
        ties = tiepoint.qgis.tie(layer, *arguments, **named)
        self.addCleanup(ties.close)
        return ties
