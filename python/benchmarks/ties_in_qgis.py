"""What ties cost inside QGIS: attaching, looking up, hearing, committing.

    python3 -m benchmarks.ties_in_qgis [--rows 1000000]

CPU seconds of this process; the peer is the same work in plain PyQGIS, in the same run.
"""

import argparse
import os
import random
import resource
import tempfile
import time
import weakref
from typing import Any, Callable, Dict, List, Tuple

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qgis.core import (  # noqa: E402
    QgsApplication,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsPointXY,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication  # noqa: E402

import tiepoint  # noqa: E402
import tiepoint.qgis  # noqa: E402


class Well:
    """An object behind a feature."""

    __slots__ = ("__weakref__", "name")

    def __init__(self, feature: QgsFeature) -> None:
        self.name = feature["name"]


def timed(work: Callable[[], Any]) -> Tuple[float, Any]:
    """CPU seconds, and what came of it."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def say(what: str, figure: str) -> None:
    print(f"{what:<66}{figure:>16}", flush=True)


def make(path: str, rows: int) -> float:
    """A GeoPackage of points, tied; CPU seconds of the tying."""
    document = path + ".csv"
    with open(document, "w") as file:
        file.write("name,wkt\n")
        for n in range(rows):
            file.write(f"well {n},POINT ({n % 1000} {n // 1000})\n")
    with tiepoint.create(path) as store:
        store.load(document, "wells")
        store.untie("wells")
        return timed(lambda: store.tie("wells"))[0]


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def open_layer(path: str) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"{path}|layername=wells", "wells", "ogr")
    assert layer.isValid()
    return layer


def attach(path: str, rows: int) -> None:
    layer = open_layer(path)
    peer, _ = timed(lambda: ids_by_pyqgis(layer))
    before = resident()
    took, ties = timed(lambda: tiepoint.qgis.tie(layer, Well))
    assert len(ties) == rows
    say("reading all ids through PyQGIS alone, CPU s", f"{peer:.2f}")
    say("attaching ties to all features, CPU s", f"{took:.2f}")
    say("memory for each tie, bytes", f"{(resident() - before) / rows:.0f}")
    look_up(layer, ties, rows)
    ties.close()


def ids_by_pyqgis(layer: QgsVectorLayer) -> Dict[str, int]:
    index = layer.fields().lookupField("object_id")
    request = QgsFeatureRequest().setFlags(QgsFeatureRequest.NoGeometry)
    request.setSubsetOfAttributes([index])
    return {feature[index]: feature.id() for feature in layer.getFeatures(request)}


def look_up(layer: QgsVectorLayer, ties: Any, rows: int) -> None:
    wanted = random.Random(1).sample(range(1, rows + 1), min(rows, 20_000))
    features = list(layer.getFeatures(QgsFeatureRequest().setFilterFids(wanted)))
    random.Random(2).shuffle(features)
    held = [ties[feature] for feature in features]
    took, found = timed(lambda: [ties[feature] for feature in features])
    assert all(a is b for a, b in zip(held, found))
    say("ties[feature], at random, verified, µs", f"{took / len(features) * 1e6:.2f}")
    took, _ = timed(lambda: [ties.fid(well) for well in held])
    say("ties.fid(object), µs", f"{took / len(features) * 1e6:.2f}")


def edit(path: str, rows: int) -> None:
    layer = open_layer(path)
    ties = tiepoint.qgis.tie(layer, Well)
    bare = open_layer(path)
    for name, subject in (("plain QGIS", bare), ("with ties", layer)):
        figures = session(subject)
        for what, seconds in figures:
            say(f"{what}, {name}, µs a feature", f"{seconds * 1e6:.2f}")
    assert not ties.faults, ties.faults
    usual_pattern(rows)
    ties.close()


def session(layer: QgsVectorLayer, count: int = 1000) -> "List[Tuple[str, float]]":
    fields = layer.fields()
    index = fields.lookupField("name")
    layer.startEditing()
    added: "List[QgsFeature]" = []
    for n in range(count):
        feature = QgsFeature(fields)
        feature["name"] = f"new {n}"
        feature["object_id"] = tiepoint.mint()
        feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(n, n)))
        added.append(feature)
    figures = []

    def step(what: str, work: Callable[[], Any]) -> None:
        took, _ = timed(work)
        settled, _ = timed(QCoreApplication.processEvents)
        figures.append((what, (took + settled) / count))

    def macro(work: Callable[[], Any]) -> Callable[[], None]:
        def run() -> None:
            layer.beginEditCommand("all")
            work()
            layer.endEditCommand()

        return run

    fids = list(range(1, count + 1))
    step("add 1,000 in one step", macro(lambda: layer.addFeatures(added)))
    step("change 1,000, a step each", lambda: change(layer, fids, index))
    step("delete 1,000, a step each", lambda: [layer.deleteFeature(fid) for fid in fids])
    step("undo 1,000 deletes", lambda: [layer.undoStack().undo() for _ in fids])
    step("delete 1,000 in one step", macro(lambda: layer.deleteFeatures(fids)))
    step("undo it", layer.undoStack().undo)
    step("commit 1,000 adds and 1,000 changes", layer.commitChanges)
    return figures


def change(layer: QgsVectorLayer, fids: "List[int]", index: int) -> None:
    for fid in fids:
        layer.changeAttributeValue(fid, index, "other", "well")


def usual_pattern(rows: int, deletes: int = 5) -> None:
    """Objects in a dictionary that is scanned for each deleted fid, as plugins do."""

    class Thing:
        def __init__(self, fid: int) -> None:
            self.fid = fid

    kept = {n: Thing(n) for n in range(rows)}
    weak = weakref.WeakValueDictionary(kept)
    took, _ = timed(lambda: [[it for it in weak.values() if it.fid == n] for n in range(deletes)])
    say("one deletion by scanning all objects in Python, µs", f"{took / deletes * 1e6:.0f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    application = QgsApplication([], False)
    application.initQgis()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "wells.gpkg")
        say(f"first tie of {rows:,} rows, CPU s", f"{make(path, rows):.2f}")
        attach(path, rows)
        edit(path, rows)
    application.exitQgis()


if __name__ == "__main__":
    main()
