"""What tying a layer asks for, what it alters, and what it refuses."""

import unittest
import uuid
from typing import List

from .wells import Case, Well, first, layer_of, new

import tiepoint
import tiepoint.qgis
from qgis.core import QgsFeature, QgsField, QgsGeometry, QgsVectorLayer, QgsVectorLayerUtils
from qgis.PyQt.QtCore import QVariant

from . import session


class Tying(Case):
    def test_a_layer_is_altered_only_if_one_may(self) -> None:
        layer = layer_of("oak", ids=False)
        layer.dataProvider().deleteAttributes([0])
        layer.updateFields()
        with self.assertRaisesRegex(tiepoint.Invalid, "alter=True"):
            tiepoint.qgis.tie(layer, Well)
        asked: List[str] = []
        with self.assertRaises(tiepoint.Invalid):
            tiepoint.qgis.tie(layer, Well, alter=lambda what: bool(asked.append(what)))
        self.assertIn("add a field 'object_id'", asked[0])
        self.assertEqual(layer.fields().count(), 1)
        ties = self.tied(layer, Well, alter=True)
        self.assertEqual(len(ties), 1)
        self.assertTrue(tiepoint.is_object_id(first(layer)["object_id"]))

    def test_what_a_field_holds_is_not_lost(self) -> None:
        layer = layer_of("oak", "elm")
        for field in ("name", "length"):
            with self.subTest(field):
                layer.dataProvider().addAttributes([QgsField("length", QVariant.Double)])
                layer.updateFields()
                with self.assertRaisesRegex(tiepoint.Invalid, "is no id|not for ids"):
                    tiepoint.qgis.tie(layer, Well, field=field, alter=True)
        self.assertEqual([it["name"] for it in layer.getFeatures()], ["oak", "elm"])
        self.tied(layer, Well)

    def test_a_field_that_is_too_short(self) -> None:
        layer = layer_of("oak")
        layer.dataProvider().addAttributes([QgsField("short", QVariant.String, "string", 20)])
        layer.updateFields()
        with self.assertRaisesRegex(tiepoint.Invalid, "36 characters"):
            tiepoint.qgis.tie(layer, Well, field="short", alter=True)

    def test_nothing_is_altered_before_all_options_are_read(self) -> None:
        layer = QgsVectorLayer("None?field=name:string", "wells", "memory")
        for wrong in ({"duplicates": "frok"}, {"rewritten": "no"}, {"namespace": tiepoint.mint()}):
            with self.subTest(wrong), self.assertRaises(tiepoint.Invalid):
                tiepoint.qgis.tie(layer, Well, alter=True, **wrong)
        self.assertEqual(layer.fields().names(), ["name"])

    def test_nothing_is_altered_while_edits_are_pending(self) -> None:
        layer = layer_of("oak", ids=False)
        layer.startEditing()
        with self.assertRaisesRegex(tiepoint.Conflict, "commit or roll back"):
            tiepoint.qgis.tie(layer, Well, alter=True)

    def test_features_that_users_draw_get_ids_in_their_own_step(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        layer.startEditing()
        drawn = QgsVectorLayerUtils.createFeature(layer, QgsGeometry(), {1: "elm"})
        layer.addFeature(drawn)
        session.settle()
        self.assertEqual(layer.undoStack().count(), 1)
        self.assertEqual(ties.object_id(ties[drawn]), drawn["object_id"])

    def test_features_without_ids_get_them_in_a_step_of_their_own(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        layer.startEditing()
        added = new(layer, "elm")
        layer.addFeature(added)
        elm = ties[added.id()]
        session.settle()
        self.assertEqual(layer.undoStack().count(), 2)
        self.assertEqual(layer.getFeature(added.id())["object_id"], ties.object_id(elm))
        layer.undoStack().undo()
        session.settle()
        self.assertEqual(layer.undoStack().index(), 1, "it is not done again")
        layer.commitChanges()
        self.assertIs(ties[2], elm)
        self.assertEqual(layer.getFeature(2)["object_id"], ties.object_id(elm))

    def test_ids_that_would_cost_a_redo_are_written_when_there_is_none_any_more(self) -> None:
        layer = layer_of("oak", "elm")
        ties = self.tied(layer, Well)
        owed = first(layer)["object_id"]
        layer.startEditing()
        layer.changeAttributeValue(1, 1, "ash", "oak")
        layer.undoStack().undo()
        layer.dataProvider().changeAttributeValues({1: {0: "junk"}})
        ties.resync()
        session.settle()
        self.assertEqual(layer.getFeature(1)["object_id"], "junk")
        self.assertTrue(layer.undoStack().canRedo())
        layer.changeAttributeValue(2, 1, "fir", "elm")
        session.settle()
        self.assertEqual(layer.getFeature(1)["object_id"], owed)

    def test_features_of_others_without_ids_are_adopted(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        provider = layer.dataProvider()
        provider.addFeatures([new(layer, "elm"), QgsFeature(first(layer))])
        ties.resync()
        self.assertEqual(ties.untied(), [(2, None), (3, ties.object_id(ties[1]))])
        self.assertEqual(ties.adopt(), 2)
        self.assertEqual(len({ties.object_id(ties[fid]) for fid in (1, 2, 3)}), 3)
        self.assertEqual(layer.getFeature(2)["object_id"], ties.object_id(ties[2]))
        self.assertEqual((ties.untied(), ties.adopt()), ([], 0))

    def test_features_are_adopted_in_an_undo_step(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        layer.dataProvider().addFeatures([new(layer, "elm")])
        ties.resync()
        layer.startEditing()
        self.assertEqual(ties.adopt(), 1)
        elm = ties[2]
        self.assertEqual(layer.undoStack().count(), 1)
        layer.undoStack().undo()
        session.settle()
        layer.undoStack().redo()
        session.settle()
        layer.commitChanges()
        self.assertIs(ties[2], elm)
        self.assertEqual(layer.getFeature(2)["object_id"], ties.object_id(elm))

    def test_a_natural_key_adopts_nothing(self) -> None:
        ties = self.tied(layer_of("oak"), Well, key="name", namespace=tiepoint.mint())
        with self.assertRaisesRegex(tiepoint.Unsupported, "natural key"):
            ties.adopt()

    def test_a_natural_key_alters_nothing(self) -> None:
        layer = layer_of("oak", "elm")
        with self.assertRaisesRegex(tiepoint.Invalid, "namespace="):
            tiepoint.qgis.tie(layer, Well, key="name")
        namespace = str(uuid.uuid4())
        ties = self.tied(layer, Well, key="name", namespace=namespace)
        oak = ties[1]
        self.assertEqual(ties.object_id(oak), str(uuid.uuid5(uuid.UUID(namespace), "oak")))
        layer.startEditing()
        layer.changeAttributeValue(1, 1, "ash", "oak")
        session.settle()
        self.assertIs(ties[first(layer)], oak)
        self.assertEqual(layer.undoStack().count(), 1)
        layer.commitChanges()
        self.assertIs(ties[first(layer)], oak)

    def test_a_natural_key_is_text_or_a_whole_number(self) -> None:
        layer = QgsVectorLayer("None?field=depth:double&field=n:integer", "wells", "memory")
        with self.assertRaisesRegex(tiepoint.Invalid, "text or whole numbers"):
            tiepoint.qgis.tie(layer, Well, key="depth", namespace=uuid.uuid4())
        with self.assertRaisesRegex(tiepoint.Invalid, "not both"):
            tiepoint.qgis.tie(layer, Well, key="n", field="n", namespace=uuid.uuid4())
        self.tied(layer, Well, key="n", namespace=uuid.uuid4())

    def test_a_layer_is_tied_once(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        self.assertIs(tiepoint.qgis.tied(layer), ties)
        with self.assertRaises(tiepoint.AlreadyExists):
            tiepoint.qgis.tie(layer, Well)
        ties.close()
        self.assertIsNone(tiepoint.qgis.tied(layer))
        again = self.tied(layer, Well)
        ties.close()
        self.assertIs(tiepoint.qgis.tied(layer), again, "closing twice closes no other")


if __name__ == "__main__":
    unittest.main()
