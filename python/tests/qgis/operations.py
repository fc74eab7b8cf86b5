"""The operations of the walk: each picks its own rows from its own seed, does one thing, and says
how it went."""

from dataclasses import dataclass
from random import Random
from typing import Callable, Dict, FrozenSet, List

from qgis.core import Qgis

from . import edits, kinds
from .world import MOST_ROWS, World, Wrong

Act = Callable[[World, Random], str]
Condition = Callable[[World], bool]

IDLE = "idle"
EDITING = "editing"
BUFFERED = "buffered"
ANY = "any"


def always(_world: World) -> bool:
    """No condition."""
    return True


@dataclass(frozen=True)
class Operation:
    """What may be done `when` (idle, editing, editing with a buffer of its own, any) to a kind that
    can do what it `needs`, where the condition `only_if` holds.

    `rows` is how many rows the layer must have at least, `adds` how many it may add. `urge` is how
    much more often than others it is chosen where it can be done, because it seldom can.
    """

    name: str
    act: Act
    when: str
    needs: FrozenSet[str]
    rows: int
    adds: int
    spatial: bool
    only_if: Condition
    urge: int

    def suits(self, kind: kinds.Kind) -> bool:
        """Whether a layer of the kind can ever do it."""
        return self.needs <= kind.can and (kind.spatial or not self.spatial)

    def allowed(self, world: World, rows: int) -> bool:
        """Whether it can be done now, while the layer has so many rows."""
        return (
            self.suits(world.kind)
            and self._is_time(world)
            and rows >= self.rows
            and (rows + self.adds <= MOST_ROWS or not self.adds)
            and self.only_if(world)
        )

    def _is_time(self, world: World) -> bool:
        if self.when == ANY:
            return True
        if self.when == IDLE:
            return not world.layer.isEditable()
        return world.layer.isEditable() and not (self.when == BUFFERED and world.in_transaction)


OPERATIONS: Dict[str, Operation] = {}


def operation(
    when: str,
    *needs: str,
    rows: int = 0,
    adds: int = 0,
    spatial: bool = False,
    only_if: Condition = always,
    urge: int = 1,
) -> Callable[[Act], Act]:
    """Takes a function up among the operations, under its own name."""

    def take(act: Act) -> Act:
        name, needed = act.__name__, frozenset(needs)
        limits = (needed, rows, adds, spatial, only_if, urge)
        OPERATIONS[name] = Operation(name, act, when, *limits)
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


def fault(what: str) -> str:
    """An outcome that is QGIS's own doing: it comes as often as it comes."""
    return "QGIS: " + what


def is_fault(outcome: str) -> bool:
    """Whether an outcome is QGIS's own doing."""
    return outcome.startswith("QGIS: ")


class Spoiled(Exception):
    """QGIS has left rows in the store of which nobody can tell what they are; what it did."""


def redoes_rows(world: World) -> bool:
    """What QGIS changed in a row that it redoes there under another fid is lost."""
    return not (world.in_transaction and world.kind.provider == "postgres")


@operation(IDLE, "add", urge=8)
def start_editing(world: World, random: Random) -> str:
    """In a transaction group now and then, where the kind can."""
    can = "transaction" in world.kind.can and not world.filtered
    grouped = can and random.random() < 0.5
    world.project.setAutoTransaction(False)  # has it look at the layers again
    world.project.setAutoTransaction(grouped)
    if world.kind.keyed:
        world.clipboard = []  # what was rolled back gave up keys, or got others
    must(world.layer.startEditing(), "start editing")
    if grouped and not world.in_transaction:
        return fault("not grouped, though that was asked for")
    return "done"


@operation(EDITING, "add")
def commit(world: World, random: Random) -> str:
    return commit_now(world, True)


@operation(BUFFERED, "add")
def commit_and_go_on(world: World, random: Random) -> str:
    """In a transaction QGIS locks itself out of a file that way."""
    return commit_now(world, False)


def commit_now(world: World, stop: bool) -> str:
    """Commits, which must work."""
    if world.filtered:
        world.clipboard = []  # its ids may be those of rows that will be hidden
    stored = {feature[kinds.SECRET] for feature in world.layer.dataProvider().getFeatures()}
    if world.layer.commitChanges(stop):
        if world.kind.name == "geojson" and world.is_garbled():
            raise Spoiled("wrote into another row")
        return "done"
    if not _lost_by_geojson(world):
        raise Wrong("the commit failed: {}".format(world.layer.commitErrors()))
    world.layer.rollBack()
    if not stored <= set(world.rows()) or world.is_garbled():
        raise Spoiled("refused, and lost rows or mixed them up")
    return fault("rows missed")


def _lost_by_geojson(world: World) -> bool:
    """Its driver numbers rows anew behind QGIS's back, and then misses some by their numbers."""
    errors = " ".join(world.layer.commitErrors())
    missed = "not found" in errors or "OGR error deleting feature" in errors
    return world.kind.name == "geojson" and missed


@operation(EDITING, "add")
def roll_back(world: World, random: Random) -> str:
    must(world.layer.rollBack(), "roll back")
    return "done"


def _keeps_rows(world: World) -> bool:
    """QGIS 3.40 moves the rows of a shapefile up at a rollback, and redoes to others what it did."""
    return Qgis.QGIS_VERSION_INT < 34000 or world.kind.fids != "renumbering"


@operation(BUFFERED, "add", only_if=_keeps_rows)
def roll_back_and_redo(world: World, random: Random) -> str:
    """Rolls back but keeps the buffer; what is redone then is rolled back after all."""
    world.layer.rollBack(False)
    world.check()
    stack = world.layer.undoStack()
    again = random.randint(0, min(3, stack.count()))
    for _ in range(again):
        stack.redo()
    if edits.field(world.layer, kinds.IDENTITY) >= 0:
        world.check()
    must(world.layer.rollBack(), "roll back")
    return "redone" if again else "nothing redone"


@operation(BUFFERED, "add")
def roll_back_within_a_command(world: World, random: Random) -> str:
    world.layer.beginEditCommand("never ended")
    world.layer.addFeature(kinds.feature(world.layer, world.fresh_row()))
    must(world.layer.rollBack(), "roll back")
    return "done"


def _has_committed_rows(world: World) -> bool:
    return not world.filtered and any(fid > 0 for fid in world.rows().values())


@operation(BUFFERED, "add", "change", "refuse", adds=2, only_if=_has_committed_rows, urge=3)
def failed_commit(world: World, random: Random) -> str:
    """Partly: what comes before the row that the store refuses is written."""
    fid = _row_that_is_refused(world, random)
    if world.layer.commitChanges():
        # What QGIS leaves of a commit that SpatiaLite refused is a transaction that stays open.
        must(world.kind.provider == "spatialite", "fail to commit")
        return fault("said that it committed")
    if world.has_twins():
        # What it deleted is back, and it goes on with the copies.
        must(world.kind.provider == "spatialite", "delete rows")
        raise Spoiled("brought back what it deleted")
    world.check()
    if random.random() < 0.5:
        must(world.layer.rollBack(), "roll back")
        return "rolled back"
    must(world.layer.deleteFeature(fid), "delete the bad row")
    world.check()
    commit_now(world, True)
    return "mended"


def _row_that_is_refused(world: World, random: Random) -> int:
    """PostGIS refuses a bad name, the others a key that is in use."""
    layer = world.layer
    feature = kinds.feature(layer, world.fresh_row())
    if world.kind.provider == "postgres":
        feature.setAttribute(layer.fields().lookupField(kinds.NAME), "bad")
    else:
        committed = sorted(fid for fid in world.rows().values() if fid > 0)
        feature.setAttribute(0, random.choice(committed))
    layer.addFeature(feature)
    world.check()
    return int(feature.id())


def _can_undo(world: World) -> bool:
    return bool(world.layer.undoStack().canUndo())


def _can_redo(world: World) -> bool:
    return redoes_rows(world) and bool(world.layer.undoStack().canRedo())


@operation(EDITING, "add", only_if=_can_undo)
def undo(world: World, random: Random) -> str:
    return _to_and_fro(world, random, "undo")


@operation(EDITING, "add", only_if=_can_redo, urge=30)
def redo(world: World, random: Random) -> str:
    return _to_and_fro(world, random, "redo")


@operation(EDITING, "add", only_if=lambda world: _can_undo(world) and redoes_rows(world))
def undo_and_redo(world: World, random: Random) -> str:
    """As many steps forth as back, before anything that waits can run."""
    stack = world.layer.undoStack()
    times = random.randint(1, min(4, stack.index()))
    for _ in range(times):
        stack.undo()
    for _ in range(times):
        stack.redo()
    return "done"


def _to_and_fro(world: World, random: Random, way: str) -> str:
    stack = world.layer.undoStack()
    can = stack.canUndo if way == "undo" else stack.canRedo
    step, back = (stack.undo, stack.redo) if way == "undo" else (stack.redo, stack.undo)
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        if not can():
            break
        before = set(world.rows())
        step()
        if world.layer.fields().lookupField(kinds.IDENTITY) < 0:
            back()
            return "the identity field"
        if way == "redo" and world.in_transaction:
            _learn_again(world, before)
    return "done"


def _learn_again(world: World, before: "set[int]") -> None:
    """In a transaction, a copy that is redone in a new row cannot be told from a new copy."""
    for feature in world.layer.getFeatures():
        secret = int(feature[kinds.SECRET])
        returned = secret not in before
        if returned and world.oracle.secret_of_id(feature[kinds.IDENTITY]) != secret:
            world.oracle.objects.pop(secret, None)
            world.oracle.forget_id(secret)
