"""Layers of every kind, each with the same rows: what it is made of, opened by, and able to do.

Every layer has the fields `object_id` (the identity), `name` and `secret`. The secret is the
oracle's: it says which object a row truly stands for, and nothing of tiepoint ever reads it.
"""

import glob
import os
import tempfile
import uuid
from dataclasses import dataclass
from typing import Dict, FrozenSet, Iterable, List, Optional

from qgis.core import (
    NULL,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QVariant

from . import postgis

IDENTITY = "object_id"
NAME = "name"
SECRET = "secret"
FIELDS = "field=object_id:string(36)&field=name:string(50)&field=secret:integer"

ROWS = frozenset({"add", "change", "delete", "identity"})
FIELDS_TOO = ROWS | {"fields", "subset", "outside", "reopen"}
DATABASE = FIELDS_TOO | {"transaction", "refuse"}
NAMESPACE = "6f1c0d55-0c5c-4d3e-9f62-5f2f6f2f1b07"


@dataclass(frozen=True)
class Kind:
    """One kind of layer.

    `fids` is "stable" (a committed row keeps its fid), "renumbering" (a commit may move those of
    other rows) or "ephemeral" (they mean something to one layer object only, or move when a row
    is written). `can` holds what the kind is able to do: "add", "change", "delete", "identity" (the
    field carries ids, and whatever people write there) or "key" (it is a natural key), "fields"
    (add, rename and delete them), "subset", "outside" (others can write it while it is open),
    "reopen", "transaction", and "refuse" (the store has constraints, so a commit may fail half-way).
    """

    name: str
    provider: str
    spatial: bool
    fids: str
    can: FrozenSet[str]

    @property
    def keyed(self) -> bool:
        """Whether ids are made of a natural key: nothing of ours is ever written."""
        return "key" in self.can

    def id_of(self, text: object) -> Optional[str]:
        """The object id that the identity field spells, however that is written; None if none."""
        if self.keyed:
            return str(uuid.uuid5(uuid.UUID(NAMESPACE), str(text))) if text else None
        try:
            return str(uuid.UUID(str(text)))
        except ValueError:
            return None

    def text_of(self, number: int) -> str:
        """What the identity field of a new object says."""
        return "W-{}".format(number) if self.keyed else uuid_of(number)


def keyed(can: FrozenSet[str]) -> FrozenSet[str]:
    """The same for a layer that must not be altered: its identity field is a natural key."""
    return can - {"identity"} | {"key"}


KINDS: Dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("memory", "memory", True, "stable", ROWS | {"fields", "subset"}),
        Kind("memory-none", "memory", False, "stable", ROWS | {"fields", "subset"}),
        Kind("gpkg", "ogr", True, "stable", DATABASE),
        Kind("gpkg-none", "ogr", False, "stable", DATABASE),
        Kind("gpkg-key", "ogr", True, "stable", keyed(DATABASE)),
        Kind("shp", "ogr", True, "renumbering", FIELDS_TOO),
        Kind("shp-key", "ogr", True, "renumbering", keyed(FIELDS_TOO)),
        Kind("geojson", "ogr", True, "renumbering", FIELDS_TOO),
        Kind("csv", "ogr", False, "renumbering", FIELDS_TOO),
        Kind("spatialite", "spatialite", True, "stable", DATABASE),
        Kind("postgres-int", "postgres", True, "stable", DATABASE),
        Kind("postgres-key", "postgres", True, "stable", keyed(DATABASE)),
        Kind("postgres-uuid", "postgres", True, "ephemeral", DATABASE),
        Kind("postgres-bigint", "postgres", True, "ephemeral", DATABASE),
        Kind("postgres-text", "postgres", True, "ephemeral", DATABASE),
        Kind(
            "postgres-nopk",
            "postgres",
            True,
            "ephemeral",
            frozenset({"add", "identity", "subset", "outside", "reopen"}),
        ),
        Kind(
            "delimitedtext",
            "delimitedtext",
            True,
            "renumbering",
            frozenset({"identity", "subset", "outside", "reopen"}),
        ),
    )
}

_DRIVERS = {
    "gpkg": ("GPKG", "gpkg"),
    "gpkg-none": ("GPKG", "gpkg"),
    "gpkg-key": ("GPKG", "gpkg"),
    "shp": ("ESRI Shapefile", "shp"),
    "shp-key": ("ESRI Shapefile", "shp"),
    "geojson": ("GeoJSON", "geojson"),
    "csv": ("CSV", "csv"),
    "spatialite": ("SQLite", "sqlite"),
}


@dataclass(frozen=True)
class Row:
    """What one row holds; where it lies follows from its secret."""

    secret: int
    object_id: Optional[str] = None
    name: str = ""


@dataclass(frozen=True)
class Source:
    """Where a layer's rows are kept: a `path` for files, a `table` for PostGIS."""

    kind: Kind
    url: str
    path: str = ""
    table: str = ""

    def open(self, name: str = "layer") -> QgsVectorLayer:
        """A layer object of its own. Of a memory layer that is an empty one."""
        layer = QgsVectorLayer(self.url, name, self.kind.provider)
        assert layer.isValid(), (self.url, layer.error().message())
        return layer


def available() -> List[Kind]:
    """Every kind that can be made here: those of PostGIS need TIEPOINT_POSTGIS."""
    return [k for k in KINDS.values() if k.provider != "postgres" or postgis.address()]


def uuid_of(number: int) -> str:
    """The object id of the `number`-th test object."""
    return "{:08x}-0000-4000-8000-{:012x}".format(number, number)


def rows(count: int, first: int = 1) -> List[Row]:
    """`count` rows whose secrets start at `first`."""
    numbers = range(first, first + count)
    return [Row(n, uuid_of(n), "name {}".format(n)) for n in numbers]


def square(secret: int) -> QgsGeometry:
    """A square of 10 × 10 where the object with that secret lies: no two overlap."""
    west, south = (secret % 17) * 10.0, (secret // 17 % 8) * 10.0
    geometry = QgsGeometry.fromRect(QgsRectangle(west, south, west + 10, south + 10))
    geometry.convertToMultiType()
    return geometry


def feature(layer: QgsVectorLayer, row: Row) -> QgsFeature:
    """A new feature for the layer; a field that is not there is left out."""
    made = QgsFeature(layer.fields())
    values = {IDENTITY: row.object_id, NAME: row.name, SECRET: row.secret}
    for name, value in values.items():
        index = layer.fields().lookupField(name)
        if index >= 0:
            made.setAttribute(index, NULL if value is None else value)
    if layer.isSpatial():
        made.setGeometry(square(row.secret))
    return made


def make(kind: Kind, given: Iterable[Row], folder: str = "") -> QgsVectorLayer:
    """A new layer of the kind with the rows given, in a folder of its own by default."""
    if kind.provider == "memory":
        return _filled(_memory(kind.spatial), given)
    return create(kind, given, folder).open()


def create(kind: Kind, given: Iterable[Row], folder: str = "") -> Source:
    """The same for kinds that outlive the layer object: where the rows are."""
    folder = folder or tempfile.mkdtemp(prefix="tiepoint-qgis-")
    if kind.provider == "postgres":
        table = postgis.create_table(kind.name)
        source = Source(kind, postgis.url_of(table, kind.name), table=table)
        _insert(source, given)
        return source
    if kind.provider == "delimitedtext":
        return _delimited_text(kind, given, folder)
    return _file(kind, given, folder)


def fids_by_secret(layer: QgsVectorLayer) -> Dict[int, int]:
    """Which row stands for which object, asked of the layer now."""
    return {int(f[SECRET]): f.id() for f in layer.getFeatures()}


def _memory(spatial: bool) -> QgsVectorLayer:
    geometry = "MultiPolygon?crs=EPSG:4326&" if spatial else "None?"
    return QgsVectorLayer(geometry + FIELDS, "layer", "memory")


def _filled(layer: QgsVectorLayer, given: Iterable[Row]) -> QgsVectorLayer:
    ok, _ = layer.dataProvider().addFeatures([feature(layer, row) for row in given])
    assert ok, layer.dataProvider().errors()
    layer.updateExtents()
    return layer


def _insert(source: Source, given: Iterable[Row]) -> None:
    layer = source.open()
    features = [feature(layer, row) for row in given]
    code = layer.fields().lookupField("code")
    for made in features if code >= 0 else []:
        made.setAttribute(code, "code {}".format(made[SECRET]))
    ok, _ = layer.dataProvider().addFeatures(features)
    assert ok, layer.dataProvider().errors()


def _file(kind: Kind, given: Iterable[Row], folder: str) -> Source:
    driver, extension = _DRIVERS[kind.name]
    path = os.path.join(folder, "layer_{}.{}".format(len(glob.glob(folder + "/*")), extension))
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = driver
    options.layerName = "t"
    if kind.name == "spatialite":
        options.datasourceOptions = ["SPATIALITE=YES"]
    if kind.name == "csv":
        options.layerOptions = ["CREATE_CSVT=YES"]
    written = QgsVectorFileWriter.writeAsVectorFormatV3(
        _filled(_memory(kind.spatial), given), path, QgsCoordinateTransformContext(), options
    )
    assert written[0] == QgsVectorFileWriter.NoError, written
    return Source(kind, _file_url(kind, path), path=path)


def _file_url(kind: Kind, path: str) -> str:
    if kind.name.startswith("gpkg"):
        return path + "|layername=t"
    if kind.name == "spatialite":
        return "dbname='{}' table=\"t\" (GEOMETRY)".format(path)
    return path


def _delimited_text(kind: Kind, given: Iterable[Row], folder: str) -> Source:
    path = os.path.join(folder, "layer_{}.txt".format(len(glob.glob(folder + "/*"))))
    with open(path, "w", encoding="utf-8") as out:
        out.write("object_id;name;secret;wkt\n")
        for row in given:
            wkt = square(row.secret).asWkt()
            out.write("{};{};{};{}\n".format(row.object_id, row.name, row.secret, wkt))
    parameters = "type=csv&delimiter=;&wktField=wkt&crs=EPSG:4326&watchFile=yes&detectTypes=yes"
    return Source(kind, "file://{}?{}".format(path, parameters), path=path)


def add_field(layer: QgsVectorLayer, name: str) -> bool:
    """Adds a field of text, within the edit session."""
    kinds = {"postgres": ("varchar", 20), "spatialite": ("text", 0)}
    kind, length = kinds.get(layer.providerType(), ("string", 20))
    return bool(layer.addAttribute(QgsField(name, QVariant.String, kind, length)))
