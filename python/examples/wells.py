"""Wells with behaviour of their own behind the features of a layer, whatever happens to them.

    QT_QPA_PLATFORM=offscreen python3 wells.py

makes a small GeoPackage and edits it as a person in QGIS would. What it prints is in `wells.txt`.
"""

import os
import tempfile

from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

import tiepoint.qgis


class Well:
    """An object of ours: it knows things that no field of the layer holds."""

    def __init__(self, feature):
        self.name = feature["name"]
        self.readings = []

    def read(self, level_m):
        self.readings.append(level_m)

    def __repr__(self):
        return "{} {}".format(self.name, self.readings)


def main():
    path = make_wells()
    layer = QgsVectorLayer(path, "wells", "ogr")

    # The one call. `alter=True` allows it to add a field for ids and to fill it.
    ties = tiepoint.qgis.tie(layer, Well, alter=True)
    ties.on_forked = lambda well, copy: say("a copy of", well.name, "is a well of its own")
    ties.on_deleted = lambda well: say(well.name, "is deleted")
    ties.on_returned = lambda well: say(well.name, "is back")

    feature = next(f for f in layer.getFeatures() if f["name"] == "Spring Lane")
    well = ties[feature]
    well.read(12.5)
    say(len(ties), "wells; one of them:", well)
    say("and back:", ties.feature(well)["name"])

    # Deleted and undone: not a look-alike, the very object, with all that it knew.
    layer.startEditing()
    layer.deleteFeature(feature.id())
    idle()
    say("asked for it now:", why_not(ties, feature))
    layer.undoStack().undo()
    idle()
    say("the same object:", ties[feature.id()] is well)

    # Copied and pasted: QGIS copies the id too. The copy gets one of its own.
    copy = QgsFeature(ties.feature(well))
    copy["fid"] = None
    copy["name"] = "Spring Lane, copy"
    layer.beginEditCommand("Features pasted")
    layer.addFeature(copy)
    layer.endEditCommand()
    idle()
    other = ties[copy.id()]
    say("two objects:", other is not well, "- two ids:", ids(ties, well) != ids(ties, other))

    # Committed: the new feature gets another fid, and stands for the same object.
    before = ties.fid(other)
    layer.commitChanges()
    idle()
    now = ties.fid(other)
    say("another fid:", now != before, "- the same object:", ties[now] is other)

    # Tomorrow: new objects, the same ids.
    known = {ties.object_id(it) for it in ties}
    ties.close()
    again = tiepoint.qgis.tie(QgsVectorLayer(path, "wells", "ogr"), Well)
    say("the ids of yesterday:", {again.object_id(it) for it in again} == known)
    again.close()


def why_not(ties, feature):
    """Why there is no object."""
    try:
        return ties[feature]
    except tiepoint.NotTied as error:
        return error.reason


def ids(ties, well):
    """The id that stays, whatever the feature is called today."""
    return ties.object_id(well)


def idle():
    """Hooks are told, and copies get their ids, as soon as QGIS has nothing else to do."""
    QCoreApplication.processEvents()


def say(*words):
    print(*words)


def make_wells():
    """A GeoPackage of three wells; its path."""
    wells = QgsVectorLayer("Point?crs=EPSG:4326&field=name:string(40)", "wells", "memory")
    for x, name in enumerate(["Mill Road", "Spring Lane", "High Field"]):
        well = QgsFeature(wells.fields())
        well["name"] = name
        well.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(x, 50)))
        wells.dataProvider().addFeature(well)
    path = os.path.join(tempfile.mkdtemp(), "wells.gpkg")
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.layerName = "wells"
    context = wells.transformContext()
    QgsVectorFileWriter.writeAsVectorFormatV3(wells, path, context, options)
    return path + "|layername=wells"


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    main()
