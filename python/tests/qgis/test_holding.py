"""How long objects live, and what they carry while they do."""

import gc
import unittest
import weakref
from typing import Any, List

from .wells import Case, Well, first, layer_of, new

import tiepoint
from qgis.core import QgsFeature, QgsProject

from . import session


class Holding(Case):
    def test_an_object_is_one_as_long_as_it_is_held_and_freed_when_it_is_not(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        well = ties[first(layer)]
        self.assertIs(ties[first(layer)], well)
        gone = weakref.ref(well)
        del well
        self.assertIsNone(gone())
        self.assertEqual(ties[first(layer)].name, "oak")

    def test_what_an_edit_would_lose_is_held(self) -> None:
        layer = layer_of("oak", "elm", "fir")
        ties = self.tied(layer, Well)
        layer.startEditing()
        wells = list(ties)
        wells[1].mark = "deleted"
        changed, deleted, clean = (weakref.ref(it) for it in wells)
        layer.changeAttributeValue(1, 1, "ash", "oak")
        layer.deleteFeature(2)
        wells.clear()
        gc.collect()
        self.assertEqual([it() is None for it in (changed, deleted, clean)], [False, False, True])
        again = deleted()
        layer.undoStack().undo()
        self.assertIs(ties[2], again)
        self.assertEqual(again.mark, "deleted")
        del again
        layer.commitChanges()
        session.settle()
        gc.collect()
        self.assertEqual([it() for it in (changed, deleted)], [None, None])

    def test_objects_that_cannot_be_held_weakly_are_held(self) -> None:
        class Slotted:
            __slots__ = ("name",)

            def __init__(self, feature: QgsFeature) -> None:
                self.name = feature["name"]

        layer = layer_of("oak")
        ties = self.tied(layer, Slotted)
        ties[first(layer)].name = "mine"
        gc.collect()
        self.assertEqual(ties[first(layer)].name, "mine")

    def test_a_finalizer_may_ask_the_ties(self) -> None:
        asked: List[Any] = []

        class Curious(Well):
            def __del__(self) -> None:
                asked.append(len(ties))

        layer = layer_of("oak")
        ties = self.tied(layer, Curious)
        layer.startEditing()
        ties[first(layer)]
        layer.changeAttributeValue(1, 1, "ash", "oak")
        ties[first(layer)]
        layer.commitChanges()
        session.settle()
        self.assertTrue(asked)
        self.assertEqual(set(asked), {1})

    def test_an_object_of_mine_is_tied_and_untied(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        mine = object.__new__(Well)
        self.assertIs(ties.tie(first(layer), mine), mine)
        self.assertIs(ties[first(layer)], mine)
        ties.untie(mine)
        self.assertIsNot(ties[first(layer)], mine)
        with self.assertRaises(tiepoint.NotTied):
            ties.feature(mine)

    def test_an_object_of_mine_is_tied_to_one_feature(self) -> None:
        layer = layer_of("oak", "elm")
        ties = self.tied(layer, Well)
        mine = ties.tie(1, object.__new__(Well))
        self.assertIs(ties.tie(1, mine), mine)
        with self.assertRaises(tiepoint.AlreadyExists):
            ties.tie(2, mine)
        self.assertEqual(ties.fid(mine), 1)

    def test_one_whose_feature_is_gone_may_be_tied_again(self) -> None:
        layer = layer_of("oak", "elm")
        ties = self.tied(layer, Well)
        mine = ties[1]
        layer.startEditing()
        layer.deleteFeature(1)
        layer.commitChanges()
        session.settle()
        self.assertIs(ties.tie(2, mine), mine)
        self.assertEqual(ties.fid(mine), 2)


class Adorning(Case):
    def test_attributes_are_kept_true(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well, attributes=True)
        well = ties[1]
        self.assertEqual((well.object_id, well.layer, well.feature_id), (ties.object_id(well), layer, 1))
        layer.startEditing()
        layer.deleteFeature(1)
        session.settle()
        self.assertIsNone(well.feature_id)
        layer.undoStack().undo()
        self.assertEqual(well.feature_id, 1)
        layer.addFeature(new(layer, "elm", tiepoint.mint()))
        elm = next(it for it in ties if it.name == "elm")
        self.assertLess(elm.feature_id, 0)
        layer.commitChanges()
        self.assertEqual(elm.feature_id, 2)

    def test_attributes_of_a_layer_that_is_gone(self) -> None:
        layer = layer_of("oak")
        QgsProject.instance().addMapLayer(layer)
        ties = self.tied(layer, Well, attributes=True)
        well = ties[1]
        self.kept.clear()
        QgsProject.instance().removeMapLayer(layer.id())
        self.assertEqual((well.layer, well.feature_id), (None, None))
        self.assertEqual(ties.state(well), "detached")
        self.assertFalse(ties.is_current(well))
        with self.assertRaises(tiepoint.NotTied):
            list(ties)

    def test_attributes_of_ties_that_are_closed(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well, attributes=True)
        well = ties[1]
        ties.close()
        self.assertEqual((well.layer, well.feature_id), (None, None))
        self.assertEqual((ties.state(well), ties.is_current(well), len(ties)), ("detached", False, 0))
        with self.assertRaisesRegex(tiepoint.NotTied, "closed"):
            ties[1]

    def test_objects_that_take_no_attributes(self) -> None:
        class Slotted:
            __slots__ = ("__weakref__",)

        layer = layer_of("oak")
        ties = self.tied(layer, Slotted, attributes=True)
        self.assertIs(ties[1], ties[1])
        self.assertEqual(ties.faults, [])


if __name__ == "__main__":
    unittest.main()
