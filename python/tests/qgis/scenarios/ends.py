"""Stories of how sessions end: rolled back, committed within a command, refused."""

from qgis.core import QgsGeometry, QgsVectorLayer

from .. import edits, kinds, postgis
from ..record import Recorder
from .story import ALL, begin, commit, fid_of, redo, roll_back, row, scenario, undo


def edit_much(r: Recorder, layer: QgsVectorLayer) -> None:
    r.do("add 10, rename it, rename 1 and rewrite its id, delete 2, and 3 with 4")
    new = edits.add(layer, row(10)) or 0
    edits.change(layer, new, kinds.NAME, "renamed")
    first = fid_of(layer, 1)
    edits.change(layer, first, kinds.NAME, "renamed")
    edits.change(layer, first, kinds.IDENTITY, kinds.uuid_of(99))
    if layer.isSpatial():
        edits.move(layer, first)
    layer.deleteFeature(fid_of(layer, 2))
    with edits.command(layer, "two at once"):
        layer.deleteFeature(fid_of(layer, 3))
        layer.deleteFeature(fid_of(layer, 4))


@scenario(*ALL)
def rollbacks(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    edit_much(r, layer)
    roll_back(r, layer)
    begin(r, layer)
    roll_back(r, layer)
    begin(r, layer)
    commit(r, layer)
    begin(r, layer)
    edit_much(r, layer)
    roll_back(r, layer, discard=False)
    redo(r, layer)
    roll_back(r, layer)


@scenario(*ALL)
def rollback_within_a_command(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("begin a command: add 10, delete 1")
    layer.beginEditCommand("open")
    edits.add(layer, row(10))
    layer.deleteFeature(fid_of(layer, 1))
    roll_back(r, layer)


@scenario(*ALL)
def commit_within_a_command(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("begin a command: add 10, delete 1")
    layer.beginEditCommand("open")
    edits.add(layer, row(10))
    layer.deleteFeature(fid_of(layer, 1))
    commit(r, layer)
    r.do("end the command")
    layer.endEditCommand()


def edit_what_cannot_be_committed(r: Recorder, layer: QgsVectorLayer) -> int:
    """One good row, one that the store refuses, a change and a deletion; the bad row's fid."""
    r.do("add 20 and 21, of which the store refuses 21; rename 1, delete 3")
    if r.kind.provider == "postgres":
        table = postgis.qualified(layer.dataProvider().uri().table())
        postgis.execute("alter table {} add check (name <> 'bad')".format(table))
    edits.add(layer, row(20))
    bad = kinds.feature(layer, kinds.Row(21, kinds.uuid_of(21), "bad"))
    if r.kind.provider == "memory":
        bad.setGeometry(QgsGeometry.fromWkt("LineString (0 0, 1 1)"))
    elif r.kind.provider != "postgres":
        bad.setAttribute(0, layer.getFeature(fid_of(layer, 1))[0])
    layer.addFeature(bad)
    edits.change(layer, fid_of(layer, 1), kinds.NAME, "renamed")
    layer.deleteFeature(fid_of(layer, 3))
    return int(bad.id())


def can_refuse(r: Recorder) -> bool:
    return r.kind.provider in ("postgres", "spatialite") or r.kind.name in ("gpkg", "memory")


@scenario(*ALL)
def failed_commit(r: Recorder, layer: QgsVectorLayer) -> None:
    if not can_refuse(r):
        return
    begin(r, layer)
    edit_what_cannot_be_committed(r, layer)
    commit(r, layer)
    undo(r, layer)
    roll_back(r, layer)


@scenario(*ALL)
def failed_commit_mended(r: Recorder, layer: QgsVectorLayer) -> None:
    if not can_refuse(r):
        return
    begin(r, layer)
    bad = edit_what_cannot_be_committed(r, layer)
    commit(r, layer)
    r.do("mend 21")
    if r.kind.provider == "memory":
        layer.changeGeometry(bad, kinds.square(21))
    elif r.kind.provider == "postgres":
        edits.change(layer, bad, kinds.NAME, "good")
    else:
        layer.changeAttributeValue(bad, 0, None)
    commit(r, layer)
