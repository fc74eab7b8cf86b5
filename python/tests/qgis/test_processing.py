"""Objects outlive QGIS's own algorithms of Processing, run in place: undone, redone, committed."""

import unittest
from typing import Any, Dict, List

from .tied import Tied, TiesTest, carriers

import tiepoint
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingFeatureBasedAlgorithm,
    QgsProject,
)

from . import algorithms, kinds
from .scenarios import numbered

FILES = ("memory", "gpkg", "shp", "geojson", "spatialite")
#: Where parts of a row carry its id, as copies do.
COPYING = FILES + ("postgres-int", "postgres-text")
ALL = COPYING + ("postgres-uuid",)


class InPlace(TiesTest):
    """Each algorithm on each kind of layer, in a session of its own."""

    def test_rows_that_are_moved_keep_their_objects(self) -> None:
        for kind in ALL:
            with self.subTest(kind):
                it = self.editing(kind)
                before = where(it)
                algorithms.translate(it.layer, [it.fid(1), it.fid(2)])
                self.assertEqual(it.layer.undoStack().count(), 1)
                self.assertNotEqual(where(it)[1], before[1])
                self.assertEqual(where(it)[3], before[3])
                self.back_and_forth(it)

    def test_the_parts_of_a_row_are_it_and_its_copies(self) -> None:
        for kind in COPYING:
            with self.subTest(kind):
                it = self.editing(kind)
                forked = heard_forks(it)
                parts = kinds.square(1).asGeometryCollection() + kinds.square(8).asGeometryCollection()
                it.layer.changeGeometry(it.fid(1), QgsGeometry.collectGeometry(parts))
                fids = algorithms.to_single_parts(it.layer, it.fid(1), numbered(1, 31))
                self.assertEqual(len(fids), 2)
                it.right()
                self.assertEqual(forked, [(1, 31)])
                self.back_and_forth(it)

    def test_one_part_is_the_row_that_it_was(self) -> None:
        for kind in FILES:
            with self.subTest(kind):
                it = self.editing(kind)
                self.assertEqual(algorithms.to_single_parts(it.layer, it.fid(1), numbered()), [])
                it.right()
                self.assertEqual(it.layer.undoStack().count(), 1)

    def test_what_a_line_splits_is_it_and_its_copies(self) -> None:
        for kind in COPYING:
            with self.subTest(kind):
                it = self.editing(kind)
                forked = heard_forks(it)
                first = it.fid(1)
                fids = algorithms.split(it.layer, first, numbered(1, 31))
                self.assertEqual(len(fids), 2)
                self.assertNotIn(first, fids, "the row that was split is another")
                it.right()
                self.assertEqual(len(forked), 1)
                self.back_and_forth(it)

    def test_parts_are_new_where_the_id_is_the_key(self) -> None:
        it = self.editing("postgres-uuid")
        forked = heard_forks(it)
        algorithms.split(it.layer, it.fid(1), numbered(31, 32))
        self.assertEqual(len(carriers(it.layer, kinds.uuid_of(1))), 0, "QGIS mints a key for each")
        it.right()
        self.assertEqual((it.ties.state(it.thing(1)), forked), ("deleted", []))
        self.back_and_forth(it)

    def test_rows_that_die_and_are_added_again_keep_their_objects(self) -> None:
        for kind in ALL:
            with self.subTest(kind):
                it = self.editing(kind)
                forked, before = heard_forks(it), it.fid(1)
                algorithms.clip(it.layer, [it.fid(1), it.fid(2)])
                self.assertNotEqual(it.fid(1), before)
                self.assertEqual(it.ties.state(it.thing(1)), "pending")
                self.back_and_forth(it)
                self.assertEqual(forked, [])

    def test_an_algorithm_after_another(self) -> None:
        for kind in FILES:
            with self.subTest(kind):
                it = self.editing(kind)
                algorithms.split(it.layer, it.fid(1), numbered(1, 31))
                it.right()
                algorithms.clip(it.layer, [it.fid(n) for n in (1, 2, 31)])
                it.right()
                algorithms.translate(it.layer, [it.fid(n) for n in (1, 3, 31)])
                self.back_and_forth(it)

    def test_rolled_back_it_is_as_if_it_had_not_been(self) -> None:
        for kind in COPYING:
            with self.subTest(kind):
                it = self.editing(kind)
                before = where(it)
                algorithms.split(it.layer, it.fid(1), numbered(1, 31))
                algorithms.clip(it.layer, [it.fid(2)])
                it.right()
                it.layer.rollBack()
                it.right()
                self.assertEqual(where(it), before)

    def test_in_a_transaction(self) -> None:
        project = QgsProject.instance()
        project.setAutoTransaction(True)
        self.addCleanup(project.setAutoTransaction, False)
        for kind in ("gpkg", "spatialite", "postgres-int"):
            with self.subTest(kind):
                layer = self.layer(kind)
                project.addMapLayer(layer, False)
                it = self.tie(layer)
                layer.startEditing()
                self.assertIsNotNone(layer.dataProvider().transaction())
                algorithms.translate(layer, [it.fid(1)])
                it.right()
                algorithms.to_single_parts(layer, it.fid(2), numbered())
                it.right()
                algorithms.clip(layer, [it.fid(1), it.fid(2)])
                it.right()
                it.commit()
                it.right()
                project.takeMapLayer(layer)

    def editing(self, kind: str) -> Tied:
        """A tied layer that is being edited."""
        it = self.tied(kind)
        it.layer.startEditing()
        return it

    def back_and_forth(self, it: Tied) -> None:
        """Undoes all and redoes it, each step right; then commits."""
        it.right()
        done = it.layer.undoStack().count()
        for turn in (it.undo, it.redo):
            for _ in range(done):
                turn()
                it.right()
        it.commit()
        it.right()


class Renames(QgsProcessingFeatureBasedAlgorithm):
    """An algorithm as a plugin has it, which writes attributes in place."""

    def name(self) -> str:
        return "renames"

    displayName = outputName = name

    def createInstance(self) -> "Renames":
        return Renames()

    def inputLayerTypes(self) -> List[int]:
        return [QgsProcessing.TypeVector]

    def supportInPlaceEdit(self, layer: Any) -> bool:
        return True

    def processFeature(self, feature: QgsFeature, context: Any, feedback: Any) -> List[QgsFeature]:
        feature[kinds.NAME] = "renamed"
        return [feature]


class OfPlugins(TiesTest):
    def test_rows_whose_attributes_are_written_keep_their_objects(self) -> None:
        for kind in ("memory", "memory-none", "gpkg", "gpkg-none", "shp", "csv"):
            with self.subTest(kind):
                it = self.tied(kind)
                rewritten: List[Any] = []
                it.ties.on_rewritten = lambda thing, other: rewritten.append(other)
                algorithms.run(it.layer, Renames(), [it.fid(1)])
                it.right()
                self.assertEqual([it.row(n)[kinds.NAME] for n in (1, 2)], ["renamed", "name 2"])
                it.undo()
                it.right()
                it.redo()
                it.commit()
                it.right()
                self.assertEqual(rewritten, [], "all attributes are written, the id as it was")

    def test_natural_keys_outlive_it(self) -> None:
        layer = self.layer("shp")
        it = self.tie(layer, field=None, key=kinds.NAME, namespace=tiepoint.mint())
        layer.startEditing()
        algorithms.translate(layer, [it.fid(1)])
        it.right()
        algorithms.clip(layer, [it.fid(1), it.fid(2)])
        it.right()
        it.undo(2)
        it.right()
        it.redo(2)
        it.commit()
        it.right()


def where(it: Tied) -> "Dict[int, str]":
    """Where each object's row lies."""
    return {row[kinds.SECRET]: row.geometry().asWkt(3) for row in it.layer.getFeatures()}


def heard_forks(it: Tied) -> "List[Any]":
    """A list that fills with copies: the secret of what was copied, and the copy's."""
    heard: List[Any] = []
    it.ties.on_forked = lambda thing, copy: heard.append((thing.secret, copy.secret))
    return heard


if __name__ == "__main__":
    unittest.main()
