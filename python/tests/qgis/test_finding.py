"""Objects are found by features, fids and ids, and features by objects; or it is said why not."""

import unittest
import uuid
from typing import Any, List

from .wells import Case, Well, first, layer_of, new

import tiepoint
import tiepoint.qgis
from qgis.core import QgsFeature

from . import session


class Finding(Case):
    def test_by_feature_fid_and_id(self) -> None:
        layer = layer_of("oak", "elm")
        ties = self.tied(layer, Well)
        well = ties[first(layer)]
        text = first(layer)["object_id"]
        for key in (1, text, "{%s}" % text.upper(), uuid.UUID(text)):
            self.assertIs(ties[key], well)
        self.assertEqual((ties.fid(well), ties.object_id(well)), (1, text))
        self.assertEqual(ties.feature(well)["name"], "oak")
        self.assertIn(well, ties)
        self.assertIn(first(layer), ties)
        self.assertNotIn("oak", [it for it in ties])

    def test_why_there_is_none(self) -> None:
        layer = layer_of("oak", "elm")
        ties = self.tied(layer, Well)
        with self.assertRaises(tiepoint.NotTied) as caught:
            ties[99]
        self.assertIsInstance(caught.exception, KeyError)
        self.assertEqual(caught.exception.reason, "unknown")
        self.assertIn("99", str(caught.exception))
        layer.startEditing()
        layer.deleteFeature(1)
        self.assertEqual(ties.state(1), "deleted")
        with self.assertRaisesRegex(tiepoint.NotTied, "undo"):
            ties[1]
        self.assertIsNone(ties.get(1))
        layer.commitChanges()
        session.settle()
        self.assertEqual(ties.get(1, "none"), "none")

    def test_a_feature_of_another_layer_is_not_answered(self) -> None:
        layer, other = layer_of("oak"), layer_of("elm")
        ties = self.tied(layer, Well)
        self.assertEqual(first(other).id(), first(layer).id())
        with self.assertRaises(tiepoint.NotTied):
            ties[first(other)]

    def test_a_feature_of_a_copied_layer_is_not_answered(self) -> None:
        layer = layer_of("oak", "elm")
        other = layer_of()
        other.dataProvider().addFeatures(list(layer.getFeatures())[::-1])
        ties = self.tied(layer, Well)
        self.assertEqual([ties.get(feature) for feature in other.getFeatures()], [None, None])

    def test_the_selected(self) -> None:
        layer = layer_of("oak", "elm", "fir")
        ties = self.tied(layer, Well)
        wells = list(ties)
        ties.select(wells[1:])
        self.assertEqual(sorted(layer.selectedFeatureIds()), [2, 3])
        self.assertCountEqual(ties.selected(), wells[1:])

    def test_what_is_no_key_is_said_to_be_none(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        with self.assertRaisesRegex(TypeError, "features, fids and object ids"):
            ties[1.5]
        with self.assertRaises(tiepoint.Invalid):
            ties["oak"]

    def test_what_is_asked_of_ties_raises_nothing(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        asked: List[Any] = ["oak", 99, 1.5, None, Well({"name": "of nobody"}), QgsFeature()]
        self.assertEqual([it in ties for it in asked], [False] * 6)
        self.assertEqual([ties.state(it) for it in asked], ["unknown"] * 6)

    def test_a_feature_that_was_read_without_its_id(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        without = first(layer)
        without["object_id"] = None
        with self.assertRaises(tiepoint.NotTied) as caught:
            ties[without]
        self.assertIn("with their field 'object_id'", str(caught.exception))

    def test_ties_of_an_empty_layer_are_there(self) -> None:
        layer = layer_of()
        ties = self.tied(layer, Well)
        self.assertEqual(len(ties), 0)
        self.assertTrue(tiepoint.qgis.tied(layer))
        self.assertEqual(repr(ties), "<Ties of 'wells'>")

    def test_layers_without_geometry(self) -> None:
        layer = layer_of("oak", "elm", geometry="None?")
        self.assertFalse(layer.isSpatial())
        ties = self.tied(layer, Well)
        self.assertEqual([well.name for well in ties], ["oak", "elm"])


class Within(Case):
    """While edits are pending."""

    def test_an_open_edit_command_new_features_are_found(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        layer.startEditing()
        layer.beginEditCommand("draw")
        added = new(layer, "elm", tiepoint.mint())
        layer.addFeature(added)
        elm = ties[added]
        self.assertEqual(elm.name, "elm")
        layer.endEditCommand()
        session.settle()
        self.assertIs(ties[added], elm)
        layer.undoStack().undo()
        self.assertEqual(ties.state(elm), "deleted")


    def test_an_edit_session_a_layer_is_tied(self) -> None:
        layer = layer_of("oak", "elm", "fir")
        layer.startEditing()
        layer.addFeature(new(layer, "ash", tiepoint.mint()))
        layer.deleteFeature(2)
        layer.changeAttributeValue(1, 1, "old oak", "oak")
        ties = self.tied(layer, Well)
        wells = {well.name: well for well in ties}
        self.assertEqual(sorted(wells), ["ash", "fir", "old oak"])
        self.assertEqual(ties.state(wells["ash"]), "pending")
        layer.undoStack().undo()
        layer.undoStack().undo()
        self.assertEqual(ties[2].name, "elm")
        self.assertIs(ties[1], wells["old oak"])
        layer.undoStack().undo()
        self.assertEqual(ties.state(wells["ash"]), "deleted")
        for _ in range(3):
            layer.undoStack().redo()
        self.assertTrue(layer.commitChanges())
        session.settle()
        self.assertIs(ties[4], wells["ash"])
        self.assertEqual(ties.state(wells["ash"]), "live")
        self.assertEqual(ties.faults, [])


if __name__ == "__main__":
    unittest.main()
