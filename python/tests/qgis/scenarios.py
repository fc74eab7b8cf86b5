"""What is recorded: short stories of editing, each on a new layer."""

from dataclasses import dataclass
from typing import Callable, FrozenSet, List

from qgis.core import QgsGeometry, QgsProject, QgsVectorLayer

from . import edits, kinds, other_process, postgis
from .record import Recorder

Story = Callable[[Recorder, QgsVectorLayer], None]
ALL = kinds.ROWS


@dataclass(frozen=True)
class Scenario:
    """A story, what a kind must be able to do for it, and whether it needs geometries."""

    name: str
    needs: FrozenSet[str]
    spatial: bool
    story: Story

    def run(self, recorder: Recorder) -> None:
        """Tells the story on a layer of five rows."""
        layer = kinds.make(recorder.kind, kinds.rows(5))
        recorder.start(self.name, layer)
        self.story(recorder, layer)
        recorder.settled()
        if layer.isEditable():
            recorder.do("roll back what is left")
            layer.rollBack()
            recorder.settled()


SCENARIOS: List[Scenario] = []


def scenario(*needs: str, spatial: bool = False) -> Callable[[Story], Story]:
    """Takes a function up among the scenarios, under its own name."""

    def take(story: Story) -> Story:
        SCENARIOS.append(Scenario(story.__name__, frozenset(needs), spatial, story))
        return story

    return take


def row(number: int) -> kinds.Row:
    """A new object's row."""
    return kinds.Row(number, kinds.uuid_of(number), "name {}".format(number))


def numbered(*secrets: int) -> edits.SecretsOf:
    """Copies stand for these objects, in this order."""
    return lambda made: list(secrets)


def fid_of(layer: QgsVectorLayer, secret: int) -> int:
    """The row that stands for an object now."""
    return kinds.fids_by_secret(layer)[secret]


def begin(r: Recorder, layer: QgsVectorLayer) -> None:
    r.do("start editing")
    layer.startEditing()


def undo(r: Recorder, layer: QgsVectorLayer, times: int = 1) -> None:
    for _ in range(times):
        r.do("undo")
        layer.undoStack().undo()


def redo(r: Recorder, layer: QgsVectorLayer, times: int = 1) -> None:
    for _ in range(times):
        r.do("redo")
        layer.undoStack().redo()


def commit(r: Recorder, layer: QgsVectorLayer, stop: bool = True) -> bool:
    r.do("commit" if stop else "commit and go on editing")
    done = bool(layer.commitChanges(stop))
    if not done:
        r.failed()
    return done


def roll_back(r: Recorder, layer: QgsVectorLayer, discard: bool = True) -> None:
    r.do("roll back" if discard else "roll back and keep the buffer")
    layer.rollBack(discard)


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


@scenario(*ALL, spatial=True)
def splits(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("split 1: the new part copies its id and its secret")
    edits.split(layer, fid_of(layer, 1))
    undo(r, layer, 2)
    r.do("split 1 in one command; the new part is object 31")
    edits.split_as_one(layer, fid_of(layer, 1), numbered(31))
    undo(r, layer)
    redo(r, layer)
    r.do("delete the original, then undo")
    layer.deleteFeature(fid_of(layer, 1))
    undo(r, layer)
    commit(r, layer)


@scenario(*ALL, spatial=True)
def multipart_to_single(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("give 1 two parts")
    parts = kinds.square(1).asGeometryCollection() + kinds.square(8).asGeometryCollection()
    layer.changeGeometry(fid_of(layer, 1), QgsGeometry.collectGeometry(parts))
    r.do("make single parts of 1: the first stays object 1, the second is 31")
    edits.to_single_parts(layer, fid_of(layer, 1), numbered(1, 31))
    undo(r, layer)
    redo(r, layer)
    commit(r, layer)


@scenario(*ALL)
def merges(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("merge 2 into 1, which keeps its id")
    edits.merge_into(layer, fid_of(layer, 1), fid_of(layer, 2), False)
    undo(r, layer)
    r.do("merge 2 into 1, which gets the id of 2 and stays object 1")
    edits.merge_into(layer, fid_of(layer, 1), fid_of(layer, 2), True)
    undo(r, layer)
    redo(r, layer)
    r.do("merge 3 and 4 into a new row with the id and the secret of 3")
    edits.merge_new(layer, fid_of(layer, 3), fid_of(layer, 4))
    undo(r, layer)
    redo(r, layer)
    commit(r, layer)


@scenario(*ALL)
def pastes(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("copy 1 and 2, paste them as 31 and 32")
    clipboard = edits.copy(layer, [fid_of(layer, 1), fid_of(layer, 2)])
    edits.paste(layer, clipboard, numbered(31, 32))
    undo(r, layer)
    redo(r, layer)
    r.do("paste once more, as 33 and 34")
    edits.paste(layer, clipboard, numbered(33, 34))
    r.do("duplicate 3 as 35")
    edits.duplicate(layer, fid_of(layer, 3), numbered(35))
    r.do("delete 1, whose copies live on")
    layer.deleteFeature(fid_of(layer, 1))
    undo(r, layer)
    commit(r, layer)


@scenario(*ALL)
def cut_and_paste(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("cut 3")
    clipboard = edits.cut(layer, [fid_of(layer, 3)])
    r.do("paste it: object 3 is back, in a new row")
    edits.paste(layer, clipboard)
    undo(r, layer, 2)
    redo(r, layer, 2)
    commit(r, layer)
    begin(r, layer)
    r.do("cut 4, paste it twice: the second is object 41")
    clipboard = edits.cut(layer, [fid_of(layer, 4)])
    r.do("paste")
    edits.paste(layer, clipboard)
    r.do("paste again")
    edits.paste(layer, clipboard, numbered(41))
    commit(r, layer)


@scenario(*ALL)
def forked_by_hand(r: Recorder, layer: QgsVectorLayer) -> None:
    begin(r, layer)
    r.do("copy 1, paste it as 31")
    new = edits.paste(layer, edits.copy(layer, [fid_of(layer, 1)]), numbered(31))[0]
    r.do("write an id of its own to the copy")
    with edits.command(layer, "New ids for copies"):
        edits.change(layer, new, kinds.IDENTITY, kinds.uuid_of(31))
    undo(r, layer)
    redo(r, layer)
    undo(r, layer, 2)
    redo(r, layer, 2)
    commit(r, layer)


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
