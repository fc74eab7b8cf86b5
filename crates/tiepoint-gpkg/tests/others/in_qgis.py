"""Edits a layer in headless QGIS the way its user interface does: in_qgis.py SOURCE LAYER OPERATION.

SOURCE is a file, or what QGIS calls a table of PostgreSQL (`dbname=... table=...`).
Operations: layers, add, paste, cut_paste, split, merge, delete, rename_id. Prints one JSON document.
"""
import json
import sys

from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsFeatureSink,
    QgsGeometry,
    QgsPointXY,
    QgsProviderRegistry,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)


def by_name(layer, name):
    return next(feature for feature in layer.getFeatures() if feature["name"] == name)


def layers(path):
    file = QgsVectorLayer(path, "file", "ogr")
    listed = file.dataProvider().subLayers()
    found = QgsProviderRegistry.instance().querySublayers(path)
    return {
        "sublayers": sorted(line.split("!!::!!")[1] for line in listed),
        "queried": sorted(details.name() for details in found),
    }


def add(layer):
    feature = QgsFeature(layer.fields())
    feature["name"] = "added"
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(0, 20, 1, 21)))
    return layer.addFeature(feature)


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


def opened(source, name):
    if source.startswith("dbname="):
        return QgsVectorLayer(source, name, "postgres")
    return QgsVectorLayer(f"{source}|layername={name}", name, "ogr")


def edit(source, name, operation):
    layer = opened(source, name)
    if not layer.isValid():
        return {"done": False, "why": "QGIS cannot open the layer"}
    layer.startEditing()
    layer.beginEditCommand(operation.__name__)
    done = bool(operation(layer))
    layer.endEditCommand()
    committed = layer.commitChanges()
    return {"done": done, "committed": committed, "why": layer.commitErrors()}


def main():
    source, name, operation = sys.argv[1:4]
    application = QgsApplication([], False)
    application.initQgis()
    result = layers(source) if operation == "layers" else edit(source, name, globals()[operation])
    print(json.dumps(result))
    sys.stdout.flush()
    application.exitQgis()


main()
