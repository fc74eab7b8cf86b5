"""What is known of layers by their kind: how long fids are good, and how their rows are read fast."""

import os
from typing import Literal, Optional

from qgis.core import QgsField, QgsFields, QgsProviderRegistry, QgsVectorLayer
from qgis.PyQt.QtCore import QVariant

import tiepoint

#: How long a fid means the same row.
FidRule = Literal["stable", "renumbering", "ephemeral"]

#: OGR's drivers that give rows numbers by their places in the file.
_RENUMBERING = {"ESRI Shapefile", "GeoJSON", "GeoJSONSeq", "CSV", "FlatGeobuf", "TopoJSON"}
#: OGR's drivers that keep numbers in the file.
_STABLE = {"GPKG", "SQLite", "OpenFileGDB"}


def fid_rule(layer: QgsVectorLayer) -> FidRule:
    """How long a fid of this layer is good.

    What is not known to be stable is not trusted. In a transaction of PostgreSQL's a row that an undo
    brings back may have another fid: QGIS numbers keys that are not plain integers as it meets them.
    """
    provider = layer.providerType()
    if provider in ("memory", "spatialite"):
        return "stable" if provider == "memory" or layer.primaryKeyAttributes() else "ephemeral"
    if provider == "postgres":
        counted = primary_key(layer) is None and in_transaction(layer)
        return "stable" if layer.primaryKeyAttributes() and not counted else "ephemeral"
    if provider == "ogr" and layer.storageType() in _STABLE:
        return "stable"
    if provider == "ogr" and layer.storageType() in _RENUMBERING:
        return "renumbering"
    return "ephemeral"


def in_transaction(layer: QgsVectorLayer) -> bool:
    """Whether edits of this layer go to the database at once, in a transaction of the session."""
    return layer.isEditable() and layer.dataProvider().transaction() is not None


def primary_key(layer: QgsVectorLayer) -> Optional[int]:
    """The field whose value is the fid, where an edit of it renames the row; its index."""
    if layer.providerType() not in ("postgres", "spatialite"):
        return None
    keys = layer.primaryKeyAttributes()
    if len(keys) != 1:
        return None
    numeric = layer.fields().at(keys[0]).type() in (QVariant.Int, QVariant.UInt)
    return keys[0] if numeric or layer.providerType() == "spatialite" else None


def field_index(layer: QgsVectorLayer, name: str) -> int:
    """The index of a field that is the layer's own; -1 where there is none.

    A field that is joined or computed says something else at each reading: it carries no identity.
    """
    fields = layer.fields()
    index: int = fields.lookupField(name)
    own = (QgsFields.OriginProvider, QgsFields.OriginEdit)
    return index if index >= 0 and fields.fieldOrigin(index) in own else -1


def identity_field(layer: QgsVectorLayer, name: str) -> QgsField:
    """A field for object ids, as this kind of layer has it."""
    if layer.providerType() == "postgres":
        return QgsField(name, QVariant.String, "uuid")
    return QgsField(name, QVariant.String, _text_type(layer), 36)


def _text_type(layer: QgsVectorLayer) -> str:
    return "TEXT" if layer.providerType() == "spatialite" else ""


def geopackage(layer: QgsVectorLayer) -> "Optional[tuple[str, str]]":
    """The file and the table of a layer that may be read around QGIS: all of a GeoPackage's table,
    by the very SQLite that QGIS uses."""
    if layer.storageType() != "GPKG" or layer.isEditable() or layer.subsetString():
        return None
    parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
    path, table = parts.get("path"), parts.get("layerName")
    if not path or not table or parts.get("subset") or not os.path.isfile(path):
        return None
    return (path, table) if shares_sqlite(path) else None


_shared: Optional[bool] = None


def shares_sqlite(path: str) -> bool:
    """Whether QGIS and tiepoint use one copy of SQLite, so that both may open one file: two copies
    in one process drop each other's locks (sqlite.org/howtocorrupt.html, section 2.2.1)."""
    global _shared
    if _shared is None:
        _shared = _one_library() and _asked_of_qgis(path) == tiepoint.sqlite_source_id()
    return _shared


def _one_library() -> bool:
    try:
        with open("/proc/self/maps") as maps:
            files = {line.split(maxsplit=5)[-1].strip() for line in maps if "libsqlite3" in line}
    except OSError:
        return False
    return len(files) == 1


def _asked_of_qgis(path: str) -> Optional[str]:
    metadata = QgsProviderRegistry.instance().providerMetadata("ogr")
    try:
        rows = metadata.createConnection(path, {}).executeSql("SELECT sqlite_source_id()")
        return str(rows[0][0])
    except Exception:
        return None
