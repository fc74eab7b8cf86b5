"""What tests of ties in QGIS share: a tied layer of any kind, what it signals, what is right."""

import unittest
from typing import Any, Dict, List, Optional, Set

from ..support import cannot_run, needs_qgis

needs_qgis()

import tiepoint.qgis  # noqa: E402 (only where there is QGIS)
from qgis.core import Qgis, QgsFeature, QgsVectorLayer  # noqa: E402

from . import edits, kinds, postgis, session  # noqa: E402
from .oracle import GONE, Oracle, Thing  # noqa: E402

Row = kinds.Row

LATER = Qgis.QGIS_VERSION_INT >= 34000
"""QGIS 3.40 or later, where some pitfalls of 3.22 are no more."""


class Tied:
    """A layer whose rows are tied to things, and an oracle that remembers which."""

    def __init__(self, layer: QgsVectorLayer, **options: Any) -> None:
        self.layer = layer
        options.setdefault("field", kinds.IDENTITY)
        self.ties = tiepoint.qgis.tie(layer, Thing, **options)
        # Ids are spelled alike in all kinds that are not tied by a natural key.
        self.oracle = Oracle(kinds.KINDS["memory"])
        self.right()

    def right(self, *also: str) -> None:
        """Every row has its own object still. One that has no row any more is deleted or removed,
        or in one of these states."""
        session.settle()
        self.oracle.check(self.layer, self.ties, set(GONE) | set(also))

    def fid(self, secret: int) -> int:
        """The row that stands for an object now."""
        return kinds.fids_by_secret(self.layer)[secret]

    def row(self, secret: int) -> QgsFeature:
        """That row itself."""
        return next(f for f in self.layer.getFeatures() if f[kinds.SECRET] == secret)

    def thing(self, secret: int) -> Thing:
        """The object that the oracle first met for this secret."""
        return self.oracle.objects[secret]

    def carried(self, secret: int) -> Any:
        """What the row's identity field says."""
        return self.row(secret)[kinds.IDENTITY]

    def add(self, secret: int, object_id: Optional[str] = "own") -> int:
        """Adds a row for a new object; its fid."""
        text = kinds.uuid_of(secret) if object_id == "own" else object_id
        fid = edits.add(self.layer, Row(secret, text, "new"))
        assert fid is not None
        return fid

    def delete(self, *secrets: int) -> None:
        """Deletes the rows of objects."""
        for secret in secrets:
            assert self.layer.deleteFeature(self.fid(secret))

    def undo(self, times: int = 1) -> None:
        """Undoes steps."""
        for _ in range(times):
            self.layer.undoStack().undo()

    def redo(self, times: int = 1) -> None:
        """Redoes steps."""
        for _ in range(times):
            self.layer.undoStack().redo()

    def commit(self, stop: bool = True) -> None:
        """Commits, which must work."""
        assert self.layer.commitChanges(stop), self.layer.commitErrors()


class TiesTest(unittest.TestCase):
    """Starts QGIS, and takes down what a test has made."""

    @classmethod
    def setUpClass(cls) -> None:
        session.start()
        cls.addClassCleanup(postgis.drop)

    def tied(self, kind: str, rows: int = 3, **options: Any) -> Tied:
        """A new layer of the kind, tied."""
        return self.tie(self.layer(kind, rows), **options)

    def layer(self, kind: str, rows: int = 3, first: int = 1) -> QgsVectorLayer:
        """A new layer of the kind with objects from `first` on, untied."""
        if kind.startswith("postgres") and not postgis.address():
            cannot_run("a PostGIS server: TIEPOINT_POSTGIS names none")
        return kinds.make(kinds.KINDS[kind], kinds.rows(rows, first))

    def tie(self, layer: QgsVectorLayer, **options: Any) -> Tied:
        """Ties a layer for as long as the test runs."""
        tied = Tied(layer, **options)
        self.addCleanup(self._close, tied)
        return tied

    def hear(self, layer: QgsVectorLayer, *names: str) -> List[Any]:
        """A list that fills with these signals: their names, and the first of what they carry that
        is no layer id."""
        heard: List[Any] = []
        for name in names:
            getattr(layer, name).connect(_noting(heard, name, layer.id()))
        return heard

    def _close(self, tied: Tied) -> None:
        tied.ties.close()
        self.assertEqual(tied.ties.faults, [])
        self.assertEqual(session.raised, [])


def _noting(heard: List[Any], name: str, layer_id: str) -> Any:
    def note(*values: Any) -> None:
        told = [value for value in values if value != layer_id]
        heard.append((name, told[0]) if told else (name,))

    return note


def secrets_by_fid(layer: QgsVectorLayer) -> Dict[int, int]:
    """Which object each row stands for now, by fid."""
    return {fid: secret for secret, fid in kinds.fids_by_secret(layer).items()}


def carriers(layer: QgsVectorLayer, object_id: str) -> Set[int]:
    """The fids of the rows that carry an id."""
    return {f.id() for f in layer.getFeatures() if f[kinds.IDENTITY] == object_id}
