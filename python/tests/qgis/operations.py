"""The operations of the walk: each picks its own rows from its own seed, does one thing, and says
how it went."""

from dataclasses import dataclass
from random import Random
from typing import Callable, Dict, FrozenSet, List, Optional

from . import edits, kinds
from .world import MOST_ROWS, World, Wrong

Act = Callable[[World, Random], str]

# What QGIS changed in a row that it redoes there under another fid is lost.
NOT_REDONE = "not in a transaction"

IDLE = "idle"
EDITING = "editing"
ANY = "any"


@dataclass(frozen=True)
class Operation:
    """What may be done `when` (idle, editing, any) to a kind that can do what it `needs`.

    `rows` is how many rows the layer must have at least, `adds` how many it may add.
    """

    name: str
    act: Act
    when: str
    needs: FrozenSet[str]
    rows: int
    adds: int
    spatial: bool

    def suits(self, kind: kinds.Kind) -> bool:
        """Whether a layer of the kind can ever do it."""
        return self.needs <= kind.can and (kind.spatial or not self.spatial)

    def allowed(self, world: World) -> bool:
        """Whether it can be done now."""
        editing = world.layer.isEditable()
        if not self.suits(world.kind) or self.when == (IDLE if editing else EDITING):
            return False
        rows = len(world.rows())
        return rows >= self.rows and (rows + self.adds <= MOST_ROWS or not self.adds)


OPERATIONS: Dict[str, Operation] = {}


def operation(
    when: str, *needs: str, rows: int = 0, adds: int = 0, spatial: bool = False
) -> Callable[[Act], Act]:
    """Takes a function up among the operations, under its own name."""

    def take(act: Act) -> Act:
        name = act.__name__
        needed = frozenset(needs)
        OPERATIONS[name] = Operation(name, act, when, needed, rows, adds, spatial)
        return act

    return take


def some(world: World, random: Random, count: int = 1) -> List[int]:
    """The fids of so many rows."""
    rows = world.rows()
    return [rows[secret] for secret in random.sample(sorted(rows), count)]


def must(done: bool, what: str) -> None:
    """What QGIS is expected to accept."""
    if not done:
        raise edits.Refused("QGIS refused to " + what)


@operation(IDLE, "add")
def start_editing(world: World, random: Random) -> str:
    """In a transaction group now and then, where the kind can."""
    can = "transaction" in world.kind.can and not world.filtered
    grouped = can and random.random() < 0.4
    world.project.setAutoTransaction(False)  # has it look at the layers again
    world.project.setAutoTransaction(grouped)
    must(world.layer.startEditing(), "start editing")
    if grouped and not world.in_transaction:
        return "not grouped, though that was asked for"
    return "transaction" if grouped else "buffered"


@operation(EDITING, "add")
def commit(world: World, random: Random) -> str:
    return commit_now(world, True)


@operation(EDITING, "add")
def commit_and_go_on(world: World, random: Random) -> str:
    """In a transaction QGIS locks itself out of a file that way."""
    if world.in_transaction:
        return "not in a transaction"
    return commit_now(world, False)


def commit_now(world: World, stop: bool) -> str:
    """Commits, which must work."""
    done = "transaction" if world.in_transaction else "done"
    if world.filtered:
        world.clipboard = []  # its ids may be those of rows that will be hidden
    if not world.layer.commitChanges(stop):
        if _lost_by_geojson(world):
            world.layer.rollBack()
            return "refused by GeoJSON"
        raise Wrong("the commit failed: {}".format(world.layer.commitErrors()))
    return done


def _lost_by_geojson(world: World) -> bool:
    """Its driver numbers rows anew behind QGIS's back, and then misses some by their numbers."""
    errors = " ".join(world.layer.commitErrors())
    missed = "not found" in errors or "OGR error deleting feature" in errors
    return world.kind.name == "geojson" and missed


@operation(EDITING, "add")
def roll_back(world: World, random: Random) -> str:
    done = "transaction" if world.in_transaction else "done"
    must(world.layer.rollBack(), "roll back")
    return done


@operation(EDITING, "add")
def roll_back_and_redo(world: World, random: Random) -> str:
    """Rolls back but keeps the buffer; what is redone then is rolled back after all."""
    if world.in_transaction:
        return "not in a transaction"
    world.layer.rollBack(False)
    world.check()
    stack = world.layer.undoStack()
    again = random.randint(0, min(3, stack.count()))
    for _ in range(again):
        stack.redo()
    world.check()
    must(world.layer.rollBack(), "roll back")
    return "redone" if again else "nothing to redo"


@operation(EDITING, "add")
def roll_back_within_a_command(world: World, random: Random) -> str:
    if world.in_transaction:
        return "not in a transaction"
    world.layer.beginEditCommand("never ended")
    world.layer.addFeature(kinds.feature(world.layer, world.fresh_row()))
    must(world.layer.rollBack(), "roll back")
    return "done"


@operation(EDITING, "add", "change", adds=2)
def failed_commit(world: World, random: Random) -> str:
    """Partly: what comes before the row that the store refuses is written."""
    bad = _row_that_is_refused(world, random)
    if bad is None:
        return "cannot be refused"
    fid = bad.id()
    if world.layer.commitChanges():
        raise Wrong("the commit was expected to fail")
    world.check()
    if random.random() < 0.5:
        must(world.layer.rollBack(), "roll back")
        return "rolled back"
    must(world.layer.deleteFeature(fid), "delete the bad row")
    world.check()
    commit_now(world, True)
    return "mended"


def _row_that_is_refused(world: World, random: Random) -> Optional[object]:
    kind, layer = world.kind, world.layer
    if world.in_transaction or world.filtered:
        return None
    feature = kinds.feature(layer, world.fresh_row())
    if kind.provider == "postgres":
        feature.setAttribute(layer.fields().lookupField(kinds.NAME), "bad")
    elif kind.name == "spatialite" or kind.name.startswith("gpkg"):
        committed = [fid for fid in world.rows().values() if fid > 0]
        if not committed:
            return None
        feature.setAttribute(0, random.choice(committed))
    else:
        return None
    layer.addFeature(feature)
    world.check()
    return feature


@operation(EDITING, "add")
def undo(world: World, random: Random) -> str:
    return _to_and_fro(world, random, "undo")


@operation(EDITING, "add")
def redo(world: World, random: Random) -> str:
    return _to_and_fro(world, random, "redo")


@operation(EDITING, "add")
def undo_and_redo(world: World, random: Random) -> str:
    """As many steps forth as back, before anything that waits can run."""
    stack = world.layer.undoStack()
    times = random.randint(0, min(4, stack.index()))
    if world.in_transaction and world.kind.provider == "postgres":
        return NOT_REDONE
    for _ in range(times):
        stack.undo()
    for _ in range(times):
        stack.redo()
    return "done" if times else "nothing"


def _to_and_fro(world: World, random: Random, way: str) -> str:
    stack = world.layer.undoStack()
    can = stack.canUndo if way == "undo" else stack.canRedo
    step, back = (stack.undo, stack.redo) if way == "undo" else (stack.redo, stack.undo)
    done = 0
    if way == "redo" and world.in_transaction and world.kind.provider == "postgres":
        return NOT_REDONE
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        if not can():
            break
        before = set(world.rows())
        step()
        done += 1
        if world.layer.fields().lookupField(kinds.IDENTITY) < 0:
            back()
            return "the identity field"
        if way == "redo" and world.in_transaction:
            _learn_again(world, before)
    return "done" if done else "nothing"


def _learn_again(world: World, before: "set[int]") -> None:
    """In a transaction, a copy that is redone in a new row cannot be told from a new copy."""
    for feature in world.layer.getFeatures():
        secret = int(feature[kinds.SECRET])
        returned = secret not in before
        if returned and world.oracle.secret_of_id(feature[kinds.IDENTITY]) != secret:
            world.oracle.objects.pop(secret, None)
            world.oracle.forget_id(secret)
