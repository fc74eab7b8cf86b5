"""The operations of the walk on whole layers: fields, filters, sources, projects, other writers."""

import gc
import weakref
from random import Random
from typing import List

from qgis.core import QgsVectorLayer

from . import edits, kinds, other_process
from .operations import ANY, EDITING, IDLE, commit_now, must, operation, some
from .oracle import Wrong
from .world import World

ELSEWHERE = frozenset({"detached", "hidden", "removed", "deleted", "unknown"})
# Where fields are rolled back with a transaction, QGIS reads no row any more.
IN_A_TRANSACTION = "not in a transaction"


@operation(EDITING, "fields")
def add_field(world: World, random: Random) -> str:
    if world.in_transaction:
        return IN_A_TRANSACTION
    if len(world.layer.fields()) > 8:
        return "enough"
    added = kinds.add_field(world.layer, "f{}".format(random.randint(0, 10**6)))
    must(added, "add a field")
    return "done"


@operation(EDITING, "fields")
def delete_field(world: World, random: Random) -> str:
    extra = _added_fields(world)
    if world.in_transaction or not extra:
        return IN_A_TRANSACTION if extra else "none"
    index = edits.field(world.layer, random.choice(extra))
    if world.kind.provider == "spatialite":
        return "done" if world.layer.deleteAttribute(index) else "refused by SpatiaLite"
    must(world.layer.deleteAttribute(index), "delete a field")
    return "done"


@operation(EDITING, "fields")
def rename_field(world: World, random: Random) -> str:
    """And commits: what QGIS keeps of a rename that is undone it cannot commit. After that of a
    memory layer's field it crashes when another is deleted."""
    extra = _added_fields(world)
    if world.kind.provider == "memory":
        return "not in memory"
    if world.in_transaction or not extra:
        return IN_A_TRANSACTION if extra else "none"
    index = edits.field(world.layer, random.choice(extra))
    renamed = world.layer.renameAttribute(index, "f{}".format(random.randint(0, 10**6)))
    if not renamed:
        return "refused"
    return commit_now(world, stop=False)


def _added_fields(world: World) -> List[str]:
    return [f.name() for f in world.layer.fields() if f.name()[1:].isdigit()]


@operation(EDITING, "fields")
def identity_field_gone_and_back(world: World, random: Random) -> str:
    index = edits.field(world.layer, kinds.IDENTITY)
    if world.in_transaction:
        return IN_A_TRANSACTION
    if index in world.layer.primaryKeyAttributes():
        return "it is the key"
    if not world.layer.deleteAttribute(index):
        return "refused"
    world.layer.undoStack().undo()
    return "done"


@operation(EDITING, "fields", adds=1)
def identity_field_renamed(world: World, random: Random) -> str:
    """And all rolled back: no kind commits what QGIS keeps of a rename that was undone."""
    index = edits.field(world.layer, kinds.IDENTITY)
    if world.in_transaction:
        return IN_A_TRANSACTION
    if not world.layer.renameAttribute(index, "renamed"):
        return "refused"
    if random.random() < 0.5:
        edits.add(world.layer, kinds.Row(world.fresh_secret(), None, "meanwhile"))
    if random.random() < 0.5:
        world.layer.undoStack().undo()
    must(world.layer.rollBack(), "roll back")
    return "done"


@operation(IDLE, "change", rows=3, adds=1)
def edit_provider(world: World, random: Random) -> str:
    """Behind the layer's back: nothing is signalled, so ties are told to look again."""
    provider = world.layer.dataProvider()
    way = random.choice(["add", "add without id", "rename", "delete"])
    if way == "add without id":
        return _stray(world)
    if way == "add":
        done = provider.addFeatures([kinds.feature(world.layer, world.fresh_row())])[0]
    elif way == "rename":
        index = edits.field(world.layer, kinds.NAME)
        done = provider.changeAttributeValues({some(world, random)[0]: {index: "direct"}})
    else:
        done = provider.deleteFeatures(some(world, random))
    if not done and world.kind.name == "geojson":
        # It has read the file before somebody else wrote it.
        world.layer.reload()
        way = "refused by GeoJSON"
    else:
        must(done, way)
    world.ties.resync()
    world.clipboard = []  # beneath a filter, what is gone looks like what is hidden
    return way


def _stray(world: World) -> str:
    """A row without an id that nobody saw coming is untied; here it goes again at once."""
    if world.kind.name == "postgres-uuid" or world.filtered:
        return "nothing"
    provider, row = world.layer.dataProvider(), world.fresh_row_with(None)
    must(provider.addFeatures([kinds.feature(world.layer, row)])[0], "add a row")
    world.ties.resync()
    fid = world.rows()[row.secret]
    if world.ties.get(fid) is not None or fid not in dict(world.ties.untied()):
        raise Wrong("a row without an id is tied")
    must(provider.deleteFeatures([fid]), "delete a row")
    world.ties.resync()
    return "add without id"


@operation(IDLE, "outside", rows=3, adds=1)
def edit_outside(world: World, random: Random) -> str:
    """Somebody else writes the rows; the layer is reloaded, or ties are told to look again."""
    way = random.choice(["add", "rename", "delete"])
    if way == "delete" and world.kind.name == "postgres-nopk" and len(world.rows()) < 5:
        return "too few rows"
    secret = random.choice(sorted(world.rows()))
    try:
        if way == "add":
            other_process.edit(world.kind, world.layer, add=[world.fresh_row()])
        elif way == "rename":
            other_process.edit(world.kind, world.layer, rename=[secret])
        else:
            other_process.edit(world.kind, world.layer, delete=[secret])
    except other_process.Locked:
        # What QGIS leaves of a commit that SpatiaLite refused is a transaction that stays open.
        if world.kind.provider != "spatialite":
            raise
        way = "locked by QGIS"
    world.layer.reload()
    if random.random() < 0.5:
        world.ties.resync()
    world.clipboard = []  # beneath a filter, what is gone looks like what is hidden
    return way


@operation(ANY)
def reload(world: World, random: Random) -> str:
    """Not in a transaction of a file: QGIS opens it anew, and what is edited after that is lost."""
    if world.in_transaction and world.kind.provider != "postgres":
        return IN_A_TRANSACTION
    world.layer.reload()
    return "editing" if world.layer.isEditable() else "idle"


@operation(ANY)
def resync(world: World, random: Random) -> str:
    world.ties.resync()
    return "editing" if world.layer.isEditable() else "idle"


@operation(IDLE, "subset", rows=2)
def set_filter(world: World, random: Random) -> str:
    if world.filtered:
        return "already"
    below = random.choice(sorted(world.rows()))
    must(world.layer.setSubsetString('"secret" <= {}'.format(below)), "filter")
    world.filtered = True
    world.clipboard = []  # its ids may be those of rows that are hidden now
    return "done"


@operation(IDLE, "subset")
def clear_filter(world: World, random: Random) -> str:
    if not world.filtered:
        return "none"
    must(world.layer.setSubsetString(""), "show all")
    world.filtered = False
    return "done"


@operation(IDLE, "reopen")
def another_source_and_back(world: World, random: Random) -> str:
    if world.filtered:
        return "filtered"
    first = world.next_secret
    world.next_secret += 3
    other = kinds.create(world.kind, kinds.rows(3, first), world.folder)
    mine = world.layer.source()
    world.layer.setDataSource(other.url, "layer", world.kind.provider)
    world.oracle.check(world.layer, world.ties, set(ELSEWHERE))
    for secret in range(first, first + 3):
        world.oracle.forget_id(secret)
        world.oracle.objects.pop(secret, None)
    world.layer.setDataSource(mine, "layer", world.kind.provider)
    return "done"


@operation(IDLE)
def taken_from_the_project_and_put_back(world: World, random: Random) -> str:
    world.project.takeMapLayer(world.layer)
    world.project.addMapLayer(world.layer, False)
    return "done"


@operation(ANY, "reopen")
def removed_and_opened_again(world: World, random: Random) -> str:
    """What was not committed is lost, without a signal for any row."""
    if world.in_transaction:
        return "keeps the transaction"
    editing = world.layer.isEditable()
    source, provider = world.layer.source(), world.layer.providerType()
    things = list(world.oracle.objects.values())
    ties = world.ties
    world.project.removeMapLayer(world.layer.id())
    for thing in things:
        if ties.state(thing) not in ("detached", "removed", "deleted", "hidden"):
            raise Wrong("the layer is gone, and {} is {}".format(thing, ties.state(thing)))
    ties.close()
    layer = QgsVectorLayer(source, "layer", provider)
    world.project.addMapLayer(layer, False)
    world.reopened(layer)
    return "editing" if editing else "idle"


@operation(IDLE, "reopen")
def project_closed_and_opened(world: World, random: Random) -> str:
    path, name = world.write_project(), world.layer.id()
    world.ties.close()
    world.project.clear()
    must(world.project.read(path), "read the project")
    world.reopened(world.project.mapLayer(name))
    return "done"


@operation(ANY, rows=1)
def select(world: World, random: Random) -> str:
    fids = some(world, random)
    world.layer.selectByIds(fids)
    things = [world.ties[fid] for fid in fids]
    if list(world.ties.selected()) != things:
        raise Wrong("the selection is {}".format(world.ties.selected()))
    world.layer.removeSelection()
    world.ties.select(things)
    if world.layer.selectedFeatureIds() != fids:
        raise Wrong("selected {}".format(world.layer.selectedFeatureIds()))
    world.layer.removeSelection()
    return "done"


@operation(ANY, rows=1)
def let_go(world: World, random: Random) -> str:
    """The driver drops an object: it dies if it is clean, and is made again when asked for."""
    secret = random.choice(sorted(world.rows()))
    thing = world.oracle.objects.pop(secret)
    serial, watch = thing.serial, weakref.ref(thing)
    del thing
    for fid in world.rows().values():
        if fid != world.rows()[secret]:
            world.ties.get(fid)
    gc.collect()
    alive = watch() is not None
    if alive and not world.layer.isEditable():
        raise Wrong("nothing is edited, and the object of secret {} is kept".format(secret))
    again = world.ties[world.rows()[secret]]
    if alive and again.serial != serial:
        raise Wrong("the object of secret {} was replaced while it was kept".format(secret))
    return "kept" if alive else "freed"
