"""The operations of the walk that edit rows, one by one and many at once."""

from random import Random
from typing import Callable

from qgis.core import NULL, QgsGeometry

from . import algorithms, edits, kinds
from .operations import BUFFERED, EDITING, fault, must, operation, some
from .world import World


def _takes_any_id(world: World) -> bool:
    """In a transaction a database itself may refuse ids that are wrong or in use."""
    return not (world.in_transaction and world.kind.name == "postgres-uuid")


def _add(world: World, row: kinds.Row) -> str:
    must(edits.add(world.layer, row) is not None, "add a row")
    return "done"


@operation(EDITING, "add", adds=1)
def add(world: World, random: Random) -> str:
    return _add(world, world.fresh_row())


@operation(EDITING, "add", "identity", adds=1)
def add_without_id(world: World, random: Random) -> str:
    return _add(world, world.fresh_row_with(None))


@operation(EDITING, "add", "identity", adds=1, only_if=_takes_any_id)
def add_with_a_bad_id(world: World, random: Random) -> str:
    return _add(world, world.fresh_row_with(random.choice(["", "x", "Autogenerate", "0" * 36])))


@operation(EDITING, "add", "identity", adds=1)
def add_with_braces(world: World, random: Random) -> str:
    """As `uuid()` spells an id; where the field is too short for that, without any sign."""
    secret = world.fresh_secret()
    text = "{{{}}}".format(kinds.uuid_of(secret)).upper()
    if world.kind.provider == "memory" or world.kind.name == "shp":
        text = text[1:-1].replace("-", "")
    row = kinds.Row(secret, text, "braces")
    return _add(world, row)


@operation(EDITING, "add", "identity", rows=1, adds=1, only_if=_takes_any_id)
def add_with_an_id_in_use(world: World, random: Random) -> str:
    taken = edits.read(world.layer, some(world, random))[0][kinds.IDENTITY]
    row = world.fresh_row_with(str(taken))
    claimed = world.oracle.secret_of_id(taken)
    if claimed is not None and claimed not in world.rows():
        row = kinds.Row(claimed, row.object_id, row.name)
    return _add(world, row)


@operation(EDITING, "add", adds=3)
def add_many(world: World, random: Random) -> str:
    rows = [world.fresh_row() for _ in range(random.randint(2, 3))]
    must(len(edits.add_many(world.layer, rows)) == len(rows), "add rows")
    return "done"


@operation(EDITING, "change", rows=1)
def change_name(world: World, random: Random) -> str:
    fid = some(world, random)[0]
    must(edits.change(world.layer, fid, kinds.NAME, "n{}".format(random.random())), "rename")
    return "done"


@operation(EDITING, "change", rows=1)
def update_feature(world: World, random: Random) -> str:
    feature = edits.read(world.layer, some(world, random))[0]
    feature.setAttribute(edits.field(world.layer, kinds.NAME), "u{}".format(random.random()))
    must(world.layer.updateFeature(feature), "update a feature")
    return "done"


@operation(EDITING, "change", "identity", rows=1, only_if=_takes_any_id, urge=2)
def rewrite_identity(world: World, random: Random) -> str:
    """Somebody writes another id, a wrong one, or none."""
    fid = some(world, random)[0]
    other = edits.read(world.layer, some(world, random))[0][kinds.IDENTITY]
    stranger = kinds.uuid_of(world.fresh_secret())
    none = random.choice([NULL, "", "x"])
    whose, value = random.choice([("none", none), ("a stranger's", stranger), ("another's", other)])
    before = edits.read(world.layer, [fid])[0][kinds.IDENTITY]
    index = edits.field(world.layer, kinds.IDENTITY)
    must(world.layer.changeAttributeValue(fid, index, value, before), "rewrite an id")
    return whose


@operation(EDITING, "change", "identity", rows=2, only_if=_takes_any_id)
def swap_identities(world: World, random: Random) -> str:
    one, other = edits.read(world.layer, some(world, random, 2))
    with edits.command(world.layer, "swap"):
        edits.change(world.layer, one.id(), kinds.IDENTITY, other[kinds.IDENTITY])
        edits.change(world.layer, other.id(), kinds.IDENTITY, one[kinds.IDENTITY])
    return "done"


@operation(EDITING, "change", "key", rows=1)
def change_key(world: World, random: Random) -> str:
    """Somebody writes another natural key: the object has another id from now on."""
    fid, number = some(world, random)[0], world.fresh_secret()
    text = world.kind.text_of(number)
    must(edits.change(world.layer, fid, kinds.IDENTITY, text), "change a key")
    world.clipboard = []  # a key that nobody has any more is free for others
    return "done"


@operation(EDITING, "change", "key", rows=2)
def swap_keys(world: World, random: Random) -> str:
    one, other = edits.read(world.layer, some(world, random, 2))
    with edits.command(world.layer, "swap"):
        edits.change(world.layer, one.id(), kinds.IDENTITY, other[kinds.IDENTITY])
        edits.change(world.layer, other.id(), kinds.IDENTITY, one[kinds.IDENTITY])
    world.clipboard = []
    return "done"


@operation(EDITING, "change", rows=1, spatial=True)
def move(world: World, random: Random) -> str:
    must(edits.move(world.layer, some(world, random)[0]), "move")
    return "done"


@operation(EDITING, "change", rows=2, spatial=True)
def translate_in_place(world: World, random: Random) -> str:
    fids = some(world, random, 2)
    return _in_place(world, lambda: algorithms.translate(world.layer, fids))


def _in_place(world: World, step: Callable[[], object]) -> str:
    """Where Processing cannot write what it read (a text that is longer than its field), it drops
    all that is pending."""
    try:
        step()
    except edits.Refused:
        must(not world.layer.isEditable(), "run in place")
        return fault("could not run, and rolled back")
    return "done"


@operation(EDITING, "delete", rows=3, urge=2)
def delete(world: World, random: Random) -> str:
    fid = some(world, random)[0]
    must(world.layer.deleteFeature(fid), "delete")
    return "new" if fid < 0 else "committed"


@operation(EDITING, "delete", rows=5)
def delete_many(world: World, random: Random) -> str:
    must(world.layer.deleteFeatures(some(world, random, random.randint(2, 3))), "delete")
    return "done"


@operation(BUFFERED, "delete", adds=1)
def delete_nothing(world: World, random: Random) -> str:
    """QGIS says yes to deleting what is not there, and signals it. Some stores refuse to commit
    that, so it is taken back, and an edit after it leaves nothing to redo."""
    world.layer.deleteFeature(random.choice([987654, -987654]))
    world.check()
    world.layer.undoStack().undo()
    return _add(world, world.fresh_row())


@operation(EDITING, "delete", "change", rows=4, adds=2)
def command_of_several(world: World, random: Random) -> str:
    with edits.command(world.layer, "several"):
        _several(world, random)
    return "done"


@operation(BUFFERED, "delete", "change", rows=4, adds=2)
def command_abandoned(world: World, random: Random) -> str:
    world.layer.beginEditCommand("abandoned")
    _several(world, random)
    world.layer.destroyEditCommand()
    return "done"


@operation(EDITING, "delete", "change", rows=4, adds=2)
def command_within_a_command(world: World, random: Random) -> str:
    world.layer.beginEditCommand("outer")
    world.layer.beginEditCommand("inner")
    _several(world, random)
    world.layer.endEditCommand()
    if random.random() < 0.5:
        edits.add(world.layer, world.fresh_row())
    world.layer.endEditCommand()
    return "done"


def _several(world: World, random: Random) -> None:
    first, second = some(world, random, 2)
    without_id = not world.kind.keyed and random.random() < 0.5
    edits.add(world.layer, world.fresh_row_with(None) if without_id else world.fresh_row())
    edits.change(world.layer, first, kinds.NAME, "several")
    world.layer.deleteFeature(second)


@operation(EDITING, "change", rows=1, adds=2, spatial=True)
def split(world: World, random: Random) -> str:
    parts = edits.split_as_one(world.layer, some(world, random)[0], world.secrets_of)
    return "done" if parts else "nothing to split"


@operation(EDITING, "change", "delete", rows=1, adds=2, spatial=True)
def multipart_to_single_in_place(world: World, random: Random) -> str:
    fid = some(world, random)[0]
    own = edits.read(world.layer, [fid])[0].geometry()
    parts = own.asGeometryCollection() + kinds.square(3).asGeometryCollection()
    world.layer.changeGeometry(fid, QgsGeometry.collectGeometry(parts[-2:]))
    world.check()
    secrets_of = world.secrets_now()
    return _in_place(world, lambda: algorithms.to_single_parts(world.layer, fid, secrets_of))


@operation(EDITING, "change", "delete", rows=1, adds=2, spatial=True)
def split_in_place(world: World, random: Random) -> str:
    fid, secrets_of = some(world, random)[0], world.secrets_now()
    return _in_place(world, lambda: algorithms.split(world.layer, fid, secrets_of))


@operation(EDITING, "change", "delete", rows=3, spatial=True)
def clip_in_place(world: World, random: Random) -> str:
    """Its rows die, and are added again."""
    fids, secrets_of = some(world, random, 2), world.secrets_now()
    return _in_place(world, lambda: algorithms.clip(world.layer, fids, secrets_of))


@operation(EDITING, "change", "delete", rows=4, only_if=_takes_any_id, urge=2)
def merge_into_existing(world: World, random: Random) -> str:
    kept, merged = some(world, random, 2)
    other = not world.kind.keyed and random.random() < 0.5
    edits.merge_into(world.layer, kept, merged, other)
    return "with the other's id" if other else "with its own id"


@operation(EDITING, "change", "delete", rows=4, adds=1)
def merge_into_new(world: World, random: Random) -> str:
    first, second = some(world, random, 2)
    edits.merge_new(world.layer, first, second, world.secrets_of)
    return "done"


@operation(EDITING, "add", rows=1)
def copy(world: World, random: Random) -> str:
    count = random.randint(1, min(2, len(world.rows())))
    world.clipboard = edits.copy(world.layer, some(world, random, count))
    return "done"


def _has_new_rows(world: World) -> bool:
    return any(fid < 0 for fid in world.rows().values())


@operation(BUFFERED, "add", "identity", only_if=_has_new_rows, urge=2)
def copy_and_undo(world: World, random: Random) -> str:
    """Copies the row that came last, and undoes till it is gone: pasted, it returns."""
    last, stack = min(world.rows().values()), world.layer.undoStack()
    copied = edits.copy(world.layer, [last])
    while stack.canUndo() and last in world.rows().values():
        stack.undo()
        world.check()
        if edits.field(world.layer, kinds.IDENTITY) < 0:
            stack.redo()
            return "the identity field"
    world.clipboard = copied
    return "done"


@operation(EDITING, "delete", rows=4)
def cut(world: World, random: Random) -> str:
    world.clipboard = edits.cut(world.layer, some(world, random, random.randint(1, 2)))
    return "done"


@operation(EDITING, "add", adds=2, only_if=lambda world: bool(world.clipboard), urge=10)
def paste(world: World, random: Random) -> str:
    before = set(world.oracle.ids)
    pasted = edits.paste(world.layer, world.clipboard, world.secrets_of)
    secrets = {f[kinds.SECRET] for f in edits.read(world.layer, pasted)}
    return "objects return" if secrets & before else "new objects"


@operation(EDITING, "add", rows=1, adds=1)
def duplicate(world: World, random: Random) -> str:
    edits.duplicate(world.layer, some(world, random)[0], world.secrets_of)
    return "done"
