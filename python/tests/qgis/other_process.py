"""Edits the rows of a layer from outside: files from another process, PostGIS over a connection."""

import atexit
import json
import subprocess
import sys
from typing import Any, Dict, List, Optional, Sequence

from qgis.core import QgsVectorLayer

from . import kinds, postgis

_SERVANT = """
import json, sys
from osgeo import ogr
ogr.UseExceptions()
def serve(order):
    data = ogr.Open(order["path"], 1)
    layer = data.GetLayer(0)
    for secret in order["delete"] + order["rename"]:
        layer.SetAttributeFilter("secret = %d" % secret)
        for feature in list(layer):
            if secret in order["delete"]:
                layer.DeleteFeature(feature.GetFID())
            else:
                feature.SetField("name", "renamed outside")
                layer.SetFeature(feature)
    layer.SetAttributeFilter(None)
    for values in order["add"]:
        feature = ogr.Feature(layer.GetLayerDefn())
        wkt = values.pop("wkt")
        if layer.GetGeomType() != ogr.wkbNone:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        for name, value in values.items():
            feature.SetField(name, value)
        layer.CreateFeature(feature)
    if data.GetDriver().GetName() == "ESRI Shapefile":
        data.ExecuteSQL("REPACK " + layer.GetName())
for line in sys.stdin:
    try:
        serve(json.loads(line))
        answer = "done"
    except Exception as error:
        answer = repr(error)
    print(json.dumps(answer), flush=True)
"""

_servant: Optional["subprocess.Popen[str]"] = None


class Locked(Exception):
    """Somebody holds the file."""


def edit(
    kind: kinds.Kind,
    layer: QgsVectorLayer,
    delete: Sequence[int] = (),
    rename: Sequence[int] = (),
    add: Sequence[kinds.Row] = (),
) -> None:
    """Deletes and renames rows by their secrets, and adds rows, where `layer` has its rows."""
    if kind.provider == "postgres":
        _edit_table(kind, layer, delete, rename, add)
    elif kind.provider == "delimitedtext":
        _edit_text(layer, delete, rename, add)
    else:
        _edit_file(layer, delete, rename, add)


def _edit_file(
    layer: QgsVectorLayer, delete: Sequence[int], rename: Sequence[int], add: Sequence[kinds.Row]
) -> None:
    global _servant
    if _servant is None:
        _servant = subprocess.Popen(
            [sys.executable, "-c", _SERVANT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            universal_newlines=True,
        )
        atexit.register(_end, _servant)
    assert _servant.stdin is not None and _servant.stdout is not None
    order = {
        "path": path_of(layer),
        "delete": list(delete),
        "rename": list(rename),
        "add": [_values(row) for row in add],
    }
    _servant.stdin.write(json.dumps(order) + "\n")
    _servant.stdin.flush()
    answer = json.loads(_servant.stdout.readline())
    if "database is locked" in answer:
        raise Locked(answer)
    assert answer == "done", (answer, order)


def _end(servant: "subprocess.Popen[str]") -> None:
    servant.communicate()


def path_of(layer: QgsVectorLayer) -> str:
    """The file that holds the layer's rows."""
    source = str(layer.source())
    if layer.providerType() == "spatialite":
        return source.split("dbname='", 1)[1].split("'", 1)[0]
    if layer.providerType() == "delimitedtext":
        return source.split("?", 1)[0][len("file://") :]
    return source.split("|", 1)[0]


def _values(row: kinds.Row) -> Dict[str, Any]:
    wkt = kinds.square(row.secret).asWkt()
    return {"object_id": row.object_id, "name": row.name, "secret": row.secret, "wkt": wkt}


def _edit_table(
    kind: kinds.Kind,
    layer: QgsVectorLayer,
    delete: Sequence[int],
    rename: Sequence[int],
    add: Sequence[kinds.Row],
) -> None:
    table = postgis.qualified(layer.dataProvider().uri().table())
    for secret in delete:
        postgis.execute("delete from {} where secret = {}".format(table, secret))
    for secret in rename:
        sql = "update {} set name = 'renamed outside' where secret = {}"
        postgis.execute(sql.format(table, secret))
    for row in add:
        values = "'{object_id}', '{name}', {secret}, st_geomfromtext('{wkt}', 4326)"
        sql = "insert into {} (object_id, name, secret, geom) values (" + values + ")"
        postgis.execute(sql.format(table, **_values(row)))


def _edit_text(
    layer: QgsVectorLayer, delete: Sequence[int], rename: Sequence[int], add: Sequence[kinds.Row]
) -> None:
    path = path_of(layer)
    with open(path, encoding="utf-8") as text:
        head, *lines = text.read().splitlines()
    kept: List[str] = [head]
    for line in lines:
        cells = line.split(";")
        if int(cells[2]) in rename:
            cells[1] = "renamed outside"
        if int(cells[2]) not in delete:
            kept.append(";".join(cells))
    for row in add:
        kept.append("{object_id};{name};{secret};{wkt}".format(**_values(row)))
    with open(path, "w", encoding="utf-8") as text:
        text.write("\n".join(kept) + "\n")
