"""Hooks hear of all that happens, and may do what they like."""

import unittest
from typing import Any, List

from .wells import Case, Well, first, layer_of, new

import tiepoint
from qgis.core import QgsFeature

from . import session


class Telling(Case):
    def test_of_all_that_happens(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        heard: List[Any] = []
        for hook in ("added", "changed", "deleted", "returned", "removed", "settled", "rewritten"):
            setattr(ties, f"on_{hook}", lambda well, *_, hook=hook: heard.append((hook, well.name)))
        ties.on_forked = lambda well, copy: heard.append(("forked", well.name, copy is well))
        oak = ties[1]
        layer.startEditing()
        layer.addFeature(QgsFeature(first(layer)))
        session.settle()
        layer.changeAttributeValue(1, 1, "ash", "oak")
        layer.deleteFeature(1)
        session.settle()
        layer.undoStack().undo()
        session.settle()
        layer.changeAttributeValue(1, 0, "junk", ties.object_id(oak))
        session.settle()
        self.assertEqual(layer.getFeature(1)["object_id"], ties.object_id(oak), "it is restored")
        layer.deleteFeature(1)
        layer.commitChanges()
        session.settle()
        told = [it for it in heard if it[0] != "changed"]
        self.assertEqual(told[0], ("forked", "oak", False))
        self.assertEqual(
            [it[0] for it in told if it[1] == "oak"][1:5],
            ["deleted", "returned", "rewritten", "deleted"],
        )
        self.assertIn(("removed", "oak"), told)
        self.assertEqual(ties.faults, [])

    def test_of_a_natural_key_that_is_edited(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well, key="name", namespace=tiepoint.mint(), attributes=True)
        heard: List[Any] = []
        ties.on_rekeyed = lambda well, former: heard.append((well, former))
        oak, former = ties[1], ties.object_id(ties[1])
        layer.startEditing()
        layer.changeAttributeValue(1, 1, "ash", "oak")
        session.settle()
        self.assertEqual(heard, [(oak, former)])
        self.assertNotEqual(ties.object_id(oak), former)
        self.assertEqual(getattr(oak, "object_id"), ties.object_id(oak))

    def test_a_copy_is_made_by_who_says_how(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        oak = ties[1]
        oak.depth = 30

        def clone(well: Well, feature: QgsFeature) -> Well:
            copy = Well(feature)
            copy.depth = well.depth
            return copy

        ties.on_cloned = clone
        layer.startEditing()
        layer.addFeature(QgsFeature(first(layer)))
        copies = [well for well in ties if well is not oak]
        self.assertEqual([copy.depth for copy in copies], [30])
        session.settle()
        ids = {feature["object_id"] for feature in layer.getFeatures()}
        self.assertEqual(ids, {ties.object_id(oak), ties.object_id(copies[0])})

    def test_of_a_copy_whose_original_is_deleted_before_qgis_is_idle(self) -> None:
        for held in (True, False):
            with self.subTest(held=held):
                layer = layer_of("oak")
                ties = self.tied(layer, Well)
                oaks = [ties[1]] if held else []
                heard: List[Any] = []
                ties.on_added = lambda well: heard.append((well.name, well in ties))
                ties.on_forked = lambda well, copy: heard.append((well is oaks[0], copy in ties))
                layer.startEditing()
                layer.addFeature(QgsFeature(first(layer)))
                layer.deleteFeature(1)
                session.settle()
                self.assertEqual(heard, [(True, True) if held else ("oak", True)])
                self.assertEqual(ties.faults, [])

    def test_of_objects_that_count_as_false(self) -> None:
        class Empty(Well):
            def __len__(self) -> int:
                return 0

        layer = layer_of("oak")
        ties = self.tied(layer, Empty)
        oak, heard = ties[1], []
        ties.on_deleted = heard.append
        ties.on_removed = heard.append
        layer.startEditing()
        layer.deleteFeature(1)
        session.settle()
        layer.commitChanges()
        session.settle()
        self.assertEqual([it is oak for it in heard], [True, True])

    def test_what_a_hook_raises_is_kept_and_goes_no_further(self) -> None:
        def fail(well: Well) -> None:
            raise ZeroDivisionError(well.name)

        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        oak = ties[1]
        ties.on_deleted = fail
        layer.startEditing()
        layer.deleteFeature(1)
        session.settle()
        self.assertEqual([type(fault) for fault in ties.faults], [ZeroDivisionError])
        layer.undoStack().undo()
        self.assertIs(ties[1], oak)
        self.assertEqual(session.raised, [])

    def test_a_hook_may_edit_the_layer(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        ties.on_added = lambda well: layer.changeAttributeValue(ties.fid(well), 1, "named", well.name)
        layer.startEditing()
        layer.addFeature(new(layer, "elm", tiepoint.mint()))
        session.settle()
        self.assertEqual(sorted(it["name"] for it in layer.getFeatures()), ["named", "oak"])
        for _ in range(3):
            layer.undoStack().undo()
            session.settle()
        for _ in range(3):
            layer.undoStack().redo()
            session.settle()
        self.assertEqual(ties.faults, [])


if __name__ == "__main__":
    unittest.main()
