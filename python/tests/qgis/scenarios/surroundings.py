"""Stories of what happens around a layer: its fields, its store, its filter, its source."""

from qgis.core import QgsProject, QgsVectorLayer

from .. import edits, kinds, other_process
from ..record import Recorder
from .editing import with_command
from .story import ALL, begin, commit, fid_of, redo, roll_back, row, scenario, undo


@scenario(*ALL, "fields")
def fields(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("add a field, rename 1")
    kinds.add_field(layer, "extra")
    edits.change(layer, fid_of(layer, 1), kinds.NAME, "renamed")
    if kinds.IDENTITY not in [layer.fields()[i].name() for i in layer.primaryKeyAttributes()]:
        r.do("delete the identity field")
        layer.deleteAttribute(edits.field(layer, kinds.IDENTITY))
        r.do("delete 2")
        layer.deleteFeature(fid_of(layer, 2))
        undo(r, layer, 2)
    r.do("delete the name field, add 10")
    layer.deleteAttribute(edits.field(layer, kinds.NAME))
    edits.add(layer, row(10))
    commit(r, layer)


@scenario(*ALL)
def provider_direct(r: Recorder, layer: QgsVectorLayer) -> None:
    r.do("delete 2 and add 10 behind the layer's back")
    provider = layer.dataProvider()
    provider.deleteFeatures([fid_of(layer, 2)])
    provider.addFeatures([kinds.feature(layer, row(10))])
    r.do("reload")
    layer.reload()
    begin(r, layer)
    r.do("add 11 to the buffer, 12 behind its back")
    edits.add(layer, row(11))
    provider.addFeatures([kinds.feature(layer, row(12))])
    roll_back(r, layer)


@scenario("outside")
def outside(r: Recorder, layer: QgsVectorLayer) -> None:
    r.do("another process deletes 2, renames 3 and adds 50")
    other_process.edit(r.kind, layer, delete=[2], rename=[3], add=[row(50)])
    r.do("reload")
    layer.reload()


@scenario(*ALL, "transaction")
def transaction_group(r: Recorder, layer: QgsVectorLayer) -> None:
    project = QgsProject.instance()
    project.setAutoTransaction(True)
    project.addMapLayer(layer, False)
    begin(r, layer)
    basics_in_a_transaction(r, layer)
    commit(r, layer)
    begin(r, layer)
    r.do("add 30, delete 1, rename 4")
    edits.add(layer, row(30))
    layer.deleteFeature(fid_of(layer, 1))
    edits.change(layer, fid_of(layer, 4), kinds.NAME, "renamed")
    roll_back(r, layer)
    begin(r, layer)
    r.do("add 31")
    edits.add(layer, row(31))
    commit(r, layer)
    r.settled()
    project.takeMapLayer(layer)
    project.setAutoTransaction(False)


def basics_in_a_transaction(r: Recorder, layer: QgsVectorLayer) -> None:
    r.do("add 10")
    edits.add(layer, row(10))
    r.do("add 11 and 12")
    edits.add_many(layer, [row(11), row(12)])
    undo(r, layer, 2)
    redo(r, layer, 2)
    r.do("delete 2")
    layer.deleteFeature(fid_of(layer, 2))
    undo(r, layer)
    redo(r, layer)
    with_command(r, layer)
    undo(r, layer)
    redo(r, layer)


@scenario(*ALL)
def key_edited(r: Recorder, layer: QgsVectorLayer) -> None:
    if r.kind.name not in ("spatialite", "postgres-int", "postgres-bigint"):
        return
    begin(r, layer)
    r.do("change the key of 1 to 700")
    layer.changeAttributeValue(fid_of(layer, 1), 0, 700)
    commit(r, layer)


@scenario("subset")
def subset(r: Recorder, layer: QgsVectorLayer) -> None:
    r.do("show only secrets below 4")
    layer.setSubsetString('"secret" < 4')
    if "add" in r.kind.can:
        begin(r, layer)
        r.do("add 10, which the filter hides")
        edits.add(layer, row(10))
        commit(r, layer)
    r.do("show all")
    layer.setSubsetString("")


@scenario("reopen")
def another_source(r: Recorder, layer: QgsVectorLayer) -> None:
    r.do("show other rows: objects 60 to 62")
    other = kinds.create(r.kind, kinds.rows(3, first=60))
    layer.setDataSource(other.url, "other", r.kind.provider)
