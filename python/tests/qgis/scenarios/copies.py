"""Stories of rows that carry the id of another: split, merged, pasted."""

from qgis.core import QgsGeometry, QgsVectorLayer

from .. import edits, kinds
from ..record import Recorder
from .story import ALL, begin, commit, fid_of, numbered, redo, scenario, undo


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
