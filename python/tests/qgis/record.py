"""Records what QGIS signals while people edit, kind by kind, as fixtures for the tracker.

    python3 -m tests.qgis.record FOLDER [KIND...]

writes FOLDER/<kind>.jsonl: one JSON object a line. `{"scenario": name}` starts over with a new
layer; `{"do": text}` says what is done next; `{"event": name, ...}` is a signal, in the order in
which QGIS sent it; `{"rows": [[fid, id, secret], ...], "at": when}` is what the layer holds at
the end of a step, commit or rollback, or once everything has settled; null is "as before".
"""

import json
import os
import subprocess
import sys
from typing import Any, Callable, Dict, List, Optional, TextIO

from qgis.core import NULL, Qgis, QgsVectorLayer

from . import kinds, session


class Recorder:
    """Writes the signals of one layer after another to one file."""

    def __init__(self, kind: kinds.Kind, out: TextIO) -> None:
        self.kind = kind
        self._out = out
        self._layer: Optional[QgsVectorLayer] = None
        self._rows: Optional[List[List[Any]]] = None
        self._in_commit = False
        self._write(kind=kind.name, fids=kind.fids, qgis=Qgis.QGIS_VERSION.split("-")[0])

    def start(self, scenario: str, layer: QgsVectorLayer) -> None:
        """Begins a scenario with a new layer."""
        self._write(scenario=scenario)
        self._rows = None
        self.watch(layer)

    def watch(self, layer: QgsVectorLayer) -> None:
        """Hears this layer from now on, and says what it holds."""
        self._layer = layer
        for signal, slot in self._slots(layer).items():
            getattr(layer, signal).connect(slot)
        layer.undoStack().indexChanged.connect(self._step)
        self.rows("start")

    def do(self, text: str) -> None:
        """Says what is done next, after what the one before has led to."""
        self.settled()
        self._write(do=text)

    def settled(self) -> None:
        """Notes what the layer holds once the event loop has run, where that is news."""
        session.settle()
        self.rows("settled", only_news=True)

    def rows(self, when: str, only_news: bool = False) -> None:
        """Notes what the layer truly holds now."""
        found = sorted(self._read())
        if found != self._rows:
            self._write(rows=found, at=when)
        elif not only_news:
            self._write(rows=None, at=when)
        self._rows = found

    def note(self, **fact: Any) -> None:
        """Notes an answer that the layer gave."""
        self._write(**fact)

    def _read(self) -> List[List[Any]]:
        assert self._layer is not None
        fields = self._layer.fields()
        identity, secret = fields.lookupField(kinds.IDENTITY), fields.lookupField(kinds.SECRET)
        return [
            [f.id(), _plain(f[identity]) if identity >= 0 else None, _plain(f[secret])]
            for f in self._layer.getFeatures()
        ]

    def _slots(self, layer: QgsVectorLayer) -> Dict[str, Callable[..., None]]:
        return {
            "editingStarted": lambda: self._started(layer),
            "editingStopped": lambda: self._event("editing_stopped"),
            "featureAdded": lambda fid: self._added(layer, fid),
            "featureDeleted": lambda fid: self._event("deleted", fid=fid),
            "attributeValueChanged": lambda fid, field, value: self._value(
                layer, fid, field, value
            ),
            "geometryChanged": lambda fid, _: self._event("changed", fid=fid),
            "editCommandStarted": lambda text: self._event("command_started"),
            "editCommandEnded": lambda: self._event("command_ended"),
            "editCommandDestroyed": lambda: self._event("command_destroyed"),
            "beforeCommitChanges": lambda *_: self._commit_started(),
            "committedFeaturesAdded": self._committed_added,
            "committedFeaturesRemoved": lambda _, fids: self._event(
                "committed_removed", fids=list(fids)
            ),
            "committedAttributeValuesChanges": self._committed_changed,
            "committedGeometriesChanges": lambda _, found: self._event(
                "committed_geometries", fids=sorted(found)
            ),
            "afterCommitChanges": lambda: self._ended("commit_ended", "commit"),
            "beforeRollBack": lambda: self._rollback_started(),
            "afterRollBack": lambda: self._ended("rolled_back", "rollback"),
            "dataChanged": lambda: self._event("data_changed"),
            "updatedFields": lambda: self._fields(layer),
            "subsetStringChanged": lambda: self._event("subset_changed"),
            "dataSourceChanged": lambda: self._event("source_changed"),
        }

    def _started(self, layer: QgsVectorLayer) -> None:
        buffer = type(layer.editBuffer()).__name__
        self._event("editing_started", transaction="Passthrough" in buffer)

    def _added(self, layer: QgsVectorLayer, fid: int) -> None:
        feature = layer.getFeature(fid)
        index = feature.fields().lookupField(kinds.IDENTITY) if feature.isValid() else -1
        self._event("added", fid=fid, id=_plain(feature[index]) if index >= 0 else None)

    def _value(self, layer: QgsVectorLayer, fid: int, field: int, value: Any) -> None:
        if field == layer.fields().lookupField(kinds.IDENTITY):
            self._event("identity", fid=fid, id=_plain(value))
        else:
            self._event("changed", fid=fid)

    def _fields(self, layer: QgsVectorLayer) -> None:
        index = layer.fields().lookupField(kinds.IDENTITY)
        self._event("fields_changed", identity=index if index >= 0 else None)

    def _commit_started(self) -> None:
        self._in_commit = True
        self._event("commit_started")

    def _rollback_started(self) -> None:
        self._in_commit = True
        self._event("rollback_started")

    def _committed_added(self, _: str, features: List[Any]) -> None:
        pairs = [[f.id(), _plain(f[f.fieldNameIndex(kinds.IDENTITY)])] for f in features]
        self._event("committed_added", rows=pairs)

    def _committed_changed(self, _: str, values: Dict[int, Dict[int, Any]]) -> None:
        assert self._layer is not None
        index = self._layer.fields().lookupField(kinds.IDENTITY)
        found = [
            [fid, index in changed, _plain(changed.get(index))]
            for fid, changed in sorted(values.items())
        ]
        self._event("committed_changed", rows=found)

    def _step(self, index: int) -> None:
        self._event("step", index=index)
        if not self._in_commit:
            self.rows("step")

    def _ended(self, event: str, when: str) -> None:
        self._in_commit = False
        self._event(event)
        self.rows(when)

    def failed(self) -> None:
        """A commit was refused: the session goes on."""
        self._in_commit = False
        self._event("commit_failed")
        self.rows("commit")

    def _event(self, name: str, **facts: Any) -> None:
        self._write(event=name, **facts)

    def _write(self, **line: Any) -> None:
        self._out.write(json.dumps(line) + "\n")


def _plain(value: Any) -> Any:
    return None if value == NULL or value is None else value


def record(kind: kinds.Kind, folder: str) -> None:
    """Every scenario that the kind allows, to one file."""
    from . import scenarios

    with open(os.path.join(folder, kind.name + ".jsonl"), "w", encoding="utf-8") as out:
        recorder = Recorder(kind, out)
        for scenario in scenarios.SCENARIOS:
            if scenario.needs <= kind.can and (kind.spatial or not scenario.spatial):
                scenario.run(recorder)


def main(arguments: List[str]) -> int:
    """Each kind in a process of its own, so that provisional fids start at -2 in each."""
    session.start()
    folder, names = arguments[0], arguments[1:]
    os.makedirs(folder, exist_ok=True)
    if len(names) == 1:
        record(kinds.KINDS[names[0]], folder)
        return 0
    statuses = []
    for name in names or [kind.name for kind in kinds.available()]:
        command = [sys.executable, "-m", "tests.qgis.record", folder, name]
        statuses.append(subprocess.run(command, check=False).returncode)
    return max(statuses)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
