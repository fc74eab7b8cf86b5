"""Stories of rows that are added, edited, deleted and brought back."""

from qgis.core import QgsVectorLayer

from .. import edits, kinds
from ..record import Recorder
from .story import ALL, begin, commit, fid_of, redo, row, scenario, undo


@scenario("add")
def adds(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("add 10")
    edits.add(layer, row(10))
    r.do("add 11 and 12")
    edits.add_many(layer, [row(11), row(12)])
    undo(r, layer, 2)
    redo(r, layer, 1)
    r.do("add a row without an id")
    edits.add(layer, kinds.Row(13, None, "no id"))
    commit(r, layer)
    begin(r, layer)
    r.do("add 14")
    edits.add(layer, row(14))
    commit(r, layer)


@scenario(*ALL)
def basics(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("add 10")
    new = edits.add(layer, row(10)) or 0
    r.do("add 11 and 12")
    edits.add_many(layer, [row(11), row(12)])
    r.do("rename the new row")
    edits.change(layer, new, kinds.NAME, "renamed")
    r.do("rename 1")
    edits.change(layer, fid_of(layer, 1), kinds.NAME, "renamed")
    if layer.isSpatial():
        r.do("move 1")
        edits.move(layer, fid_of(layer, 1))
    r.do("delete 2")
    layer.deleteFeature(fid_of(layer, 2))
    r.do("delete 11")
    layer.deleteFeature(fid_of(layer, 11))
    undo(r, layer, 3)
    redo(r, layer, 3)
    with_command(r, layer)
    undo(r, layer)
    redo(r, layer)
    commit(r, layer)


def with_command(r: Recorder, layer: QgsVectorLayer) -> None:
    r.do("in one command: add 20, rename 3, delete 3")
    with edits.command(layer, "several"):
        edits.add(layer, row(20))
        third = fid_of(layer, 3)
        edits.change(layer, third, kinds.NAME, "renamed")
        layer.deleteFeature(third)


@scenario(*ALL)
def commands(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("abandon a command that added 20 and deleted 1")
    layer.beginEditCommand("abandoned")
    edits.add(layer, row(20))
    layer.deleteFeature(fid_of(layer, 1))
    layer.destroyEditCommand()
    r.do("a command within a command: delete 1, then 2")
    layer.beginEditCommand("outer")
    layer.beginEditCommand("inner")
    layer.deleteFeature(fid_of(layer, 1))
    layer.endEditCommand()
    layer.deleteFeature(fid_of(layer, 2))
    layer.endEditCommand()
    undo(r, layer)
    redo(r, layer)
    commit(r, layer)


@scenario(*ALL)
def returns(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("add 10, delete it, undo the deletion")
    edits.add(layer, row(10))
    layer.deleteFeature(fid_of(layer, 10))
    undo(r, layer)
    r.do("add 11, undo, add 12: the redo branch is gone")
    edits.add(layer, row(11))
    undo(r, layer)
    r.do("add 12")
    edits.add(layer, row(12))
    commit(r, layer)


@scenario(*ALL)
def rewritten_ids(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("rewrite the id of 1")
    edits.change(layer, fid_of(layer, 1), kinds.IDENTITY, kinds.uuid_of(99))
    undo(r, layer)
    redo(r, layer)
    r.do("swap the ids of 2 and 3")
    second, third = fid_of(layer, 2), fid_of(layer, 3)
    with edits.command(layer, "swap"):
        edits.change(layer, second, kinds.IDENTITY, kinds.uuid_of(3))
        edits.change(layer, third, kinds.IDENTITY, kinds.uuid_of(2))
    undo(r, layer)
    redo(r, layer)
    commit(r, layer)


@scenario(*ALL)
def delete_and_add(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("delete 2")
    layer.deleteFeature(fid_of(layer, 2))
    commit(r, layer)
    begin(r, layer)
    r.do("delete 5, the last row")
    layer.deleteFeature(fid_of(layer, 5))
    commit(r, layer)
    begin(r, layer)
    r.do("add 6")
    edits.add(layer, row(6))
    commit(r, layer)
    begin(r, layer)
    r.do("delete 6 and 1, add 7 and 8 in one session")
    layer.deleteFeature(fid_of(layer, 6))
    layer.deleteFeature(fid_of(layer, 1))
    edits.add(layer, row(7))
    edits.add(layer, row(8))
    commit(r, layer)


@scenario(*ALL)
def commit_and_go_on(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("delete 1, add 10")
    layer.deleteFeature(fid_of(layer, 1))
    edits.add(layer, row(10))
    commit(r, layer, stop=False)
    r.do("delete 3, add 11")
    layer.deleteFeature(fid_of(layer, 3))
    edits.add(layer, row(11))
    commit(r, layer, stop=False)
    r.do("delete 4")
    layer.deleteFeature(fid_of(layer, 4))
    commit(r, layer)
