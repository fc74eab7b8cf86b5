"""What a scenario is, and the steps that they share."""

from dataclasses import dataclass
from typing import Callable, FrozenSet, List

from qgis.core import QgsVectorLayer

from .. import edits, kinds
from ..record import Recorder

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
