"""The operations of the walk on whole layers: fields, filters, sources, projects, other writers."""

import gc
import weakref
from random import Random
from typing import List

from qgis.core import Qgis, QgsVectorLayer

from . import edits, kinds, other_process
from .operations import ANY, BUFFERED, IDLE, commit_now, fault, must, operation, some
from .oracle import Wrong
from .world import World

ELSEWHERE = frozenset({"detached", "hidden", "removed", "deleted", "unknown"})


def _added_fields(world: World) -> List[str]:
    return [f.name() for f in world.layer.fields() if f.name()[1:].isdigit()]


def _has_added_fields(world: World) -> bool:
    return bool(_added_fields(world))


def _may_rename(world: World) -> bool:
    """QGIS crashes when a field of a memory layer is deleted after another was renamed, and when a
    rename is rolled back that GeoJSON's driver has written before it refused the rest."""
    return world.kind.name not in ("memory", "memory-none", "geojson") and _has_added_fields(world)


def _identity_may_go(world: World) -> bool:
    """A key may not; and QGIS 3.40 commits new rows without what they said in a field that was gone."""
    index = edits.field(world.layer, kinds.IDENTITY)
    loses = Qgis.QGIS_VERSION_INT >= 34000 and any(fid < 0 for fid in world.rows().values())
    return index not in world.layer.primaryKeyAttributes() and not loses


# Where fields are rolled back with a transaction, QGIS reads no row any more: all of these are for
# layers with a buffer of their own.


@operation(BUFFERED, "fields", only_if=lambda world: len(_added_fields(world)) < 5)
def add_field(world: World, random: Random) -> str:
    must(kinds.add_field(world.layer, _new_name(random)), "add a field")
    return "done"


@operation(BUFFERED, "fields", only_if=_has_added_fields, urge=3)
def delete_field(world: World, random: Random) -> str:
    """Of a memory layer the last one: QGIS crashes when one is deleted after one that was before it."""
    added = _added_fields(world)
    name = added[-1] if world.kind.provider == "memory" else random.choice(added)
    index = edits.field(world.layer, name)
    if not world.layer.deleteAttribute(index):
        must(world.kind.provider == "spatialite", "delete a field")
        return "refused by SpatiaLite"
    return "done"


@operation(BUFFERED, "fields", only_if=_may_rename, urge=3)
def rename_field(world: World, random: Random) -> str:
    """And commits: what QGIS keeps of a rename that is undone it cannot commit."""
    index = edits.field(world.layer, random.choice(_added_fields(world)))
    if not world.layer.renameAttribute(index, _new_name(random)):
        return "refused"
    return commit_now(world, stop=False)


def _new_name(random: Random) -> str:
    return "f{}".format(random.randint(0, 10**6))


@operation(BUFFERED, "fields", only_if=_identity_may_go)
def identity_field_gone_and_back(world: World, random: Random) -> str:
    if not world.layer.deleteAttribute(edits.field(world.layer, kinds.IDENTITY)):
        return "refused"
    world.layer.undoStack().undo()
    return "done"


@operation(BUFFERED, "fields", adds=1)
def identity_field_renamed(world: World, random: Random) -> str:
    """And all rolled back: no kind commits what QGIS keeps of a rename that was undone."""
    if not world.layer.renameAttribute(edits.field(world.layer, kinds.IDENTITY), "renamed"):
        return "refused"
    if random.random() < 0.5:
        text = world.fresh_row().object_id if world.kind.keyed else None
        edits.add(world.layer, kinds.Row(world.fresh_secret(), text, "meanwhile"))
    if random.random() < 0.5:
        world.layer.undoStack().undo()
    must(world.layer.rollBack(), "roll back")
    return "done"


@operation(IDLE, "change", rows=3, adds=1, urge=3)
def edit_provider(world: World, random: Random) -> str:
    """Behind the layer's back: nothing is signalled, so ties are told to look again."""
    provider = world.layer.dataProvider()
    way = random.choice(["add", "rename", "delete"])
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
        way = fault("rows missed")
    else:
        must(done, way)
    _look_again(world)
    return way


def _look_again(world: World) -> None:
    world.ties.resync()
    world.clipboard = []  # beneath a filter, what is gone looks like what is hidden


def delete_twins(world: World) -> None:
    """Of rows with one secret all but one go again."""
    rows = [(feature[kinds.SECRET], feature.id()) for feature in world.layer.getFeatures()]
    twins = [fid for secret, fid in rows if fid != dict(rows)[secret]]
    must(world.layer.dataProvider().deleteFeatures(twins), "delete rows")
    _look_again(world)


def _ids_may_be_left_out(world: World) -> bool:
    return world.kind.name != "postgres-uuid" and not world.filtered


@operation(IDLE, "change", adds=1, only_if=_ids_may_be_left_out)
def stray_behind_the_layer(world: World, random: Random) -> str:
    """A row without an id that nobody saw coming is untied; here it goes again at once."""
    provider, row = world.layer.dataProvider(), world.fresh_row_with(None)
    must(provider.addFeatures([kinds.feature(world.layer, row)])[0], "add a row")
    _look_again(world)
    fid = world.rows().get(row.secret)
    if fid is None:
        # What QGIS leaves of a commit that SpatiaLite refused is a transaction that stays open.
        must(world.kind.provider == "spatialite", "add a row")
        return fault("said that a row was added")
    if world.ties.get(fid) is not None or fid not in dict(world.ties.untied()):
        raise Wrong("a row without an id is tied")
    done = provider.deleteFeatures([fid])
    outcome = "done"
    if row.secret in world.rows():
        # GeoJSON's driver deletes another row than it is told, or none, if it numbered rows anew.
        must(world.kind.name == "geojson", "delete a row")
        other_process.edit(world.kind, world.layer, delete=[row.secret])
        world.layer.reload()
        outcome = fault("deleted another row" if done else "rows missed")
    _look_again(world)
    return outcome


@operation(IDLE, "outside", rows=3, adds=1, urge=3)
def edit_outside(world: World, random: Random) -> str:
    """Somebody else writes the rows; the layer is reloaded, or ties are told to look again."""
    keep = world.kind.name == "postgres-nopk" and len(world.rows()) < 5
    way = random.choice(["add", "rename"] if keep else ["add", "rename", "delete"])
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
        way = fault("locked the file")
    world.layer.reload()
    if random.random() < 0.5:
        world.ties.resync()
    world.clipboard = []  # beneath a filter, what is gone looks like what is hidden
    return way


def _may_reload(world: World) -> bool:
    """In a transaction of a file QGIS opens it anew, and what is edited after that is lost."""
    return not world.in_transaction or world.kind.provider == "postgres"


@operation(ANY, only_if=_may_reload)
def reload(world: World, random: Random) -> str:
    world.layer.reload()
    return "done"


@operation(ANY)
def resync(world: World, random: Random) -> str:
    world.ties.resync()
    return "done"


@operation(IDLE, "subset", rows=2, only_if=lambda world: not world.filtered)
def set_filter(world: World, random: Random) -> str:
    below = random.choice(sorted(world.rows()))
    must(world.layer.setSubsetString('"secret" <= {}'.format(below)), "filter")
    world.filtered = True
    world.clipboard = []  # its ids may be those of rows that are hidden now
    return "done"


@operation(IDLE, "subset", only_if=lambda world: world.filtered)
def clear_filter(world: World, random: Random) -> str:
    must(world.layer.setSubsetString(""), "show all")
    world.filtered = False
    return "done"


@operation(IDLE, "reopen", only_if=lambda world: not world.filtered)
def another_source_and_back(world: World, random: Random) -> str:
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


@operation(ANY, "reopen", only_if=lambda world: not world.in_transaction)
def removed_and_opened_again(world: World, random: Random) -> str:
    """What was not committed is lost, without a signal for any row."""
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
    return "done"


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
