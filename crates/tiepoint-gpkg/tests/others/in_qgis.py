"""Edits a layer in headless QGIS the way its user interface does: in_qgis.py SOURCE LAYER [OPERATION].

SOURCE is a file, or what QGIS calls a table of PostgreSQL (`dbname=... table=...`). Operations are the
functions below. Without one they are taken from stdin, one a line, while the layer stays open. Prints one
JSON document for each.
"""
import json
import sys
import traceback

from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsProviderRegistry,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QVariant

# What goes past the edit buffer, and what is rolled back in the end.
DIRECT, ABANDONED = set(), set()


def direct(operation):
    DIRECT.add(operation.__name__)
    return operation


def abandoned(operation):
    ABANDONED.add(operation.__name__)
    return operation


def by_name(layer, name):
    return next(it for it in layer.getFeatures() if str(it["name"]).startswith(name))


def layers(path):
    file = QgsVectorLayer(path, "file", "ogr")
    listed = file.dataProvider().subLayers()
    found = QgsProviderRegistry.instance().querySublayers(path)
    return {
        "sublayers": sorted(line.split("!!::!!")[1] for line in listed),
        "queried": sorted(details.name() for details in found),
    }


def feature_of(layer, **values):
    feature = QgsFeature(layer.fields())
    for name, value in values.items():
        feature[name] = value
    if layer.isSpatial():
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(0, 20, 1, 21)))
    return feature


def add(layer):
    return layer.addFeature(feature_of(layer, name="added"))


def pasted(layer, features):
    """What QgisApp::pasteFromClipboard does."""
    fitting = QgsVectorLayerUtils.makeFeaturesCompatible(
        features, layer, QgsFeatureSink.RegeneratePrimaryKey
    )
    data = [
        QgsVectorLayerUtils.QgsFeatureData(it.geometry(), dict(enumerate(it.attributes())))
        for it in fitting
    ]
    return layer.addFeatures(QgsVectorLayerUtils.createFeatures(layer, data))


def paste(layer):
    return pasted(layer, [by_name(layer, "plot 0"), by_name(layer, "plot 1")])


def cut_paste(layer):
    feature = by_name(layer, "plot 3")
    return layer.deleteFeature(feature.id()) and pasted(layer, [feature])


def split(layer):
    # The tool goes through layer.splitFeatures with the line that was drawn: here through plot 2.
    return layer.splitFeatures([QgsPointXY(25, -1), QgsPointXY(25, 11)], False) == 0


def merge(layer):
    """Into the first, taking the attributes of the second, its id included."""
    first, second = by_name(layer, "plot 0"), by_name(layer, "plot 1")
    values = {
        index: value
        for index, value in enumerate(second.attributes())
        if index not in layer.primaryKeyAttributes()
    }
    together = first.geometry().combine(second.geometry())
    return (
        layer.deleteFeature(second.id())
        and layer.changeGeometry(first.id(), together)
        and layer.changeAttributeValues(first.id(), values)
    )


def delete(layer):
    return layer.deleteFeature(by_name(layer, "plot 4").id())


def rename_id(layer):
    index = layer.fields().indexOf("object_id")
    feature = by_name(layer, "plot 0")
    return layer.changeAttributeValue(feature.id(), index, "11111111-1111-4111-8111-111111111111")


def field(layer, name):
    return layer.fields().indexOf(name)


def add_with_ids(layer):
    own = [feature_of(layer, name=f"own {n}", object_id=f"0000000{n}-1111-4111-8111-111111111111") for n in (1, 2)]
    return layer.addFeatures([*own, feature_of(layer, name="none")])


def edit_values(layer):
    name = field(layer, "name")
    return all(layer.changeAttributeValue(it.id(), name, it["name"] + "!") for it in list(layer.getFeatures()))


def edit_null(layer):
    return layer.changeAttributeValue(by_name(layer, "plot 2").id(), field(layer, "name"), None)


def edit_geometry(layer):
    feature = by_name(layer, "plot 1")
    geometry = feature.geometry()
    geometry.translate(0, -0.125)
    return layer.changeGeometry(feature.id(), geometry)


def duplicate(layer):
    QgsProject.instance().addMapLayer(layer, False)
    made, _ = QgsVectorLayerUtils.duplicateFeature(
        layer, by_name(layer, "plot 2"), QgsProject.instance()
    )
    QgsProject.instance().takeMapLayer(layer)
    return made.isValid()


def undo(layer):
    """Undone and half redone before the commit."""
    layer.endEditCommand()
    first, second = by_name(layer, "plot 0"), by_name(layer, "plot 1")
    layer.changeAttributeValue(first.id(), field(layer, "name"), "plot 0, undone")
    layer.deleteFeature(second.id())
    layer.addFeature(feature_of(layer, name="undone"))
    for _ in range(3):
        layer.undoStack().undo()
    layer.undoStack().redo()
    layer.beginEditCommand("after")
    return True


def several(layer):
    """All sorts of edits, some of the same features, as one commit."""
    name = field(layer, "name")
    first, second, third = (by_name(layer, f"plot {n}") for n in (0, 3, 4))
    added = feature_of(layer, name="new")
    return (
        layer.addFeature(added)
        and layer.changeAttributeValue(added.id(), name, "new, and edited")
        and layer.addFeature(feature_of(layer, name="one more"))
        and layer.changeAttributeValue(first.id(), name, "plot 0, once")
        and layer.changeAttributeValue(first.id(), name, "plot 0, twice")
        and layer.changeGeometry(first.id(), third.geometry())
        and layer.changeAttributeValue(second.id(), name, "to be gone")
        and layer.deleteFeature(second.id())
        and edit_geometry_of(layer, third)
    )


def edit_geometry_of(layer, feature):
    return layer.changeGeometry(feature.id(), QgsGeometry.fromRect(QgsRectangle(1, 2, 3, 4)))


@abandoned
def roll_back(layer):
    return several(layer)


def new_field(layer, name, kind, on_a_server):
    is_served = layer.providerType() == "postgres"
    made = QgsField(name, kind, on_a_server, -1) if is_served else QgsField(name, kind)
    return layer.addAttribute(made)


def add_field(layer):
    return new_field(layer, "height", QVariant.Double, "float8")


def add_field_and_fill(layer):
    """In one commit."""
    if not new_field(layer, "crown", QVariant.String, "text"):
        return False
    crown = field(layer, "crown")
    return all(layer.changeAttributeValue(it.id(), crown, "wide") for it in list(layer.getFeatures()))


def edit_new_field(layer):
    height = field(layer, "height")
    return all(
        layer.changeAttributeValue(it.id(), height, (it["height"] or 0) + 2.5)
        for it in list(layer.getFeatures())
    )


def delete_field(layer):
    return layer.deleteAttribute(field(layer, "name"))


def delete_field_and_edit(layer):
    return edit_geometry(layer) and delete_field(layer)


def delete_renamed_field_and_edit(layer):
    label = field(layer, "label")
    first = next(layer.getFeatures())
    return edit_geometry_of(layer, first) and layer.deleteAttribute(label)


def rename_field(layer):
    return layer.renameAttribute(field(layer, "name"), "label")


def edit_renamed_field(layer):
    label = field(layer, "label")
    return all(
        layer.changeAttributeValue(it.id(), label, it["label"] + "*")
        for it in list(layer.getFeatures())
    )


@direct
def provider_add(layer):
    features = [feature_of(layer, name="direct"), feature_of(layer, name="direct, too")]
    return layer.dataProvider().addFeatures(features)[0]


@direct
def provider_change(layer):
    name = field(layer, "name")
    changes = {it.id(): {name: f"{it['name']}, direct"} for it in layer.getFeatures()}
    return layer.dataProvider().changeAttributeValues(changes)


@direct
def provider_geometry(layer):
    moved = QgsGeometry.fromRect(QgsRectangle(5, 5, 6, 6))
    return layer.dataProvider().changeGeometryValues({it.id(): moved for it in layer.getFeatures()})


@direct
def provider_delete(layer):
    return layer.dataProvider().deleteFeatures([it.id() for it in layer.getFeatures()][:2])


@direct
def provider_delete_newest(layer):
    return layer.dataProvider().deleteFeatures([max(it.id() for it in layer.getFeatures())])


@direct
def provider_truncate(layer):
    return layer.dataProvider().truncate()


@direct
def read(layer):
    return sum(1 for _ in layer.getFeatures()) > 0


def in_a_group(layer, ends):
    """In a project whose layers share a transaction: all is written at once, and ends together."""
    project = QgsProject.instance()
    project.setAutoTransaction(True)
    project.addMapLayer(layer, False)
    layer.startEditing()
    first, second = by_name(layer, "plot 0"), by_name(layer, "plot 1")
    done = (
        layer.addFeature(feature_of(layer, name="in a group"))
        and layer.changeAttributeValue(first.id(), field(layer, "name"), "plot 0, in a group")
        and layer.deleteFeature(second.id())
    )
    layer.undoStack().undo()
    layer.undoStack().undo()
    layer.undoStack().redo()
    done = ends(layer) and done
    project.takeMapLayer(layer)
    project.setAutoTransaction(False)
    return done


@direct
def group(layer):
    return in_a_group(layer, lambda layer: layer.commitChanges())


@direct
def abandoned_group(layer):
    return in_a_group(layer, lambda layer: layer.rollBack())


@direct
def begin(layer):
    return layer.startEditing() and edit_geometry(layer)


@direct
def finish(layer):
    return layer.commitChanges()


@direct
def nothing(_layer):
    return True


def opened(source, name):
    if source.startswith("dbname="):
        layer = QgsVectorLayer(source, name, "postgres")
    else:
        layer = QgsVectorLayer(f"{source}|layername={name}", name, "ogr")
    if not layer.isValid():
        raise ValueError(f"QGIS cannot open {source}")
    return layer


def edit(layer, operation):
    if operation.__name__ in DIRECT:
        done = bool(operation(layer))
        return {"done": done, "committed": done, "why": layer.dataProvider().errors()}
    layer.startEditing()
    layer.beginEditCommand(operation.__name__)
    done = bool(operation(layer))
    layer.endEditCommand()
    if operation.__name__ in ABANDONED:
        return {"done": done, "committed": layer.rollBack(), "why": []}
    committed = layer.commitChanges()
    why = layer.commitErrors()
    if not committed:
        layer.rollBack()
    return {"done": done, "committed": committed, "why": why}


def tried(layer, operation):
    try:
        return edit(layer, operation)
    except Exception:
        return {"done": False, "committed": False, "why": traceback.format_exc()}


def say(result):
    print(json.dumps(result))
    sys.stdout.flush()


def main():
    source, name = sys.argv[1:3]
    application = QgsApplication([], False)
    application.initQgis()
    if sys.argv[3:] == ["layers"]:
        say(layers(source))
    else:
        layer = opened(source, name)
        for line in sys.argv[3:] or sys.stdin:
            say(tried(layer, globals()[line.strip()]))
        del layer
    application.exitQgis()


main()
