"""The hammer's other process: QGIS edits a layer, and tiepoint writes to the same file in between.

    python -m tests.hammering_in_qgis PATH SECONDS

prints the names of the points that were acknowledged and are to be there, and of those that went.
"""

import json
import os
import sys
import time
from typing import List

from qgis.core import QgsApplication, QgsFeature, QgsGeometry, QgsPointXY, QgsVectorLayer

import tiepoint

from .hammering import LAYER, Loader


class Editor:
    """Edits the layer as a person would: adds, renames, deletes, and saves."""

    def __init__(self, path: str) -> None:
        self._layer = QgsVectorLayer(f"{path}|layername={LAYER}", LAYER, "ogr")
        self._name = self._layer.fields().indexOf("name")
        self._round = 0
        self.there: List[str] = []
        self.gone: List[str] = []
        self.refused = 0

    def edit(self) -> None:
        """One session of edits; counted only when it was saved."""
        self._round += 1
        new = [f"qgis-{self._round}-{it}" for it in range(3)]
        self._layer.startEditing()
        added = [self._added(name) for name in new]
        renamed = f"{new[0]}-renamed"
        self._layer.changeAttributeValue(added[0], self._name, renamed)
        old = self.there[len(self.there) // 2] if self._round % 3 == 0 and self.there else None
        if old is not None:
            self._layer.deleteFeatures(self._fids(old))
        if not self._layer.commitChanges():
            self._layer.rollBack()
            self.refused += 1
            return
        self.there += [renamed, *new[1:]]
        self.gone.append(new[0])
        if old is not None:
            self.there.remove(old)
            self.gone.append(old)

    def _added(self, name: str) -> int:
        feature = QgsFeature(self._layer.fields())
        feature.setAttribute(self._name, name)
        feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(self._round % 180, 1)))
        self._layer.addFeature(feature)
        return feature.id()

    def _fids(self, name: str) -> List[int]:
        return [it.id() for it in self._layer.getFeatures(f"\"name\" = '{name}'")]


def main(path: str, seconds: str) -> None:
    application = QgsApplication([], False)
    application.initQgis()
    until = time.monotonic() + float(seconds)
    editor, readings = Editor(path), 0
    with tiepoint.open(path) as store:
        loader = Loader(store, "inside-")
        while time.monotonic() < until:
            editor.edit()
            editor.there += loader.add(2)
            readings += sum(1 for _ in store.read(LAYER, fields=["name"], limit=50))
    told = {"added": editor.there, "gone": editor.gone, "readings": readings}
    print(json.dumps({**told, "refused": editor.refused + loader.refused}), flush=True)
    os._exit(0)  # closing QGIS crashes in some versions


if __name__ == "__main__":
    main(*sys.argv[1:])
