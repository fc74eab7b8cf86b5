"""Objects of any class: how they are made, held, found, adorned and told of."""

import gc
import unittest
import uuid
import weakref
from typing import Any, List

import tiepoint
import tiepoint.qgis

from . import session

session.start()

from qgis.core import (  # noqa: E402
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsVectorLayer,
)


class Well:
    def __init__(self, feature: QgsFeature) -> None:
        self.name = feature["name"]


def layer_of(*names: str, ids: bool = True, geometry: str = "Point?crs=EPSG:4326&") -> QgsVectorLayer:
    made = QgsVectorLayer(f"{geometry}field=object_id:string(36)&field=name:string", "wells", "memory")
    made.dataProvider().addFeatures([new(made, name, tiepoint.mint() if ids else None) for name in names])
    return made


def new(layer: QgsVectorLayer, name: str, object_id: Any = None) -> QgsFeature:
    feature = QgsFeature(layer.fields())
    feature["name"], feature["object_id"] = name, object_id
    if layer.isSpatial():
        feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(7, 47)))
    return feature


def first(layer: QgsVectorLayer) -> QgsFeature:
    return next(layer.getFeatures())


class Case(unittest.TestCase):
    def tied(self, layer: QgsVectorLayer, *arguments: Any, **named: Any) -> Any:
        self.kept = getattr(self, "kept", []) + [layer]
        ties = tiepoint.qgis.tie(layer, *arguments, **named)
        self.addCleanup(ties.close)
        return ties


class Making(Case):
    def test_a_class_that_takes_a_feature(self) -> None:
        layer = layer_of("oak")
        self.assertEqual(self.tied(layer, Well)[first(layer)].name, "oak")

    def test_a_class_that_takes_nothing(self) -> None:
        class Bare:
            pass

        layer = layer_of("oak")
        self.assertIsInstance(self.tied(layer, Bare)[first(layer)], Bare)

    def test_a_class_with_arguments_by_a_factory(self) -> None:
        class Named:
            def __init__(self, name: str, depth: int) -> None:
                self.name, self.depth = name, depth

        layer = layer_of("oak")
        with self.assertRaisesRegex(tiepoint.Invalid, "factory="):
            tiepoint.qgis.tie(layer, Named)
        ties = self.tied(layer, factory=lambda feature: Named(feature["name"], 3))
        self.assertEqual(ties[first(layer)].name, "oak")

    def test_a_factory_that_asks_the_ties(self) -> None:
        layer = layer_of("oak", "elm")
        ties = self.tied(layer, factory=lambda feature: {"others": len(ties), "at": ties.state(feature)})
        self.assertEqual(ties[first(layer)], {"others": 2, "at": "live"})

    def test_a_factory_that_fails_is_heard_by_who_asked(self) -> None:
        def fail(feature: QgsFeature) -> None:
            raise ZeroDivisionError("no such well")

        layer = layer_of("oak")
        ties = self.tied(layer, factory=fail)
        with self.assertRaises(ZeroDivisionError):
            ties[first(layer)]


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

    def test_layers_without_geometry(self) -> None:
        layer = layer_of("oak", "elm", geometry="None?")
        self.assertFalse(layer.isSpatial())
        ties = self.tied(layer, Well)
        self.assertEqual([well.name for well in ties], ["oak", "elm"])


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

    def test_objects_that_take_no_attributes(self) -> None:
        class Slotted:
            __slots__ = ("__weakref__",)

        layer = layer_of("oak")
        ties = self.tied(layer, Slotted, attributes=True)
        self.assertIs(ties[1], ties[1])
        self.assertEqual(ties.faults, [])


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


class Altering(Case):
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

    def test_nothing_is_altered_while_edits_are_pending(self) -> None:
        layer = layer_of("oak", ids=False)
        layer.startEditing()
        with self.assertRaisesRegex(tiepoint.Conflict, "commit or roll back"):
            tiepoint.qgis.tie(layer, Well, alter=True)

    def test_features_that_users_draw_get_ids_in_their_own_step(self) -> None:
        from qgis.core import QgsVectorLayerUtils

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

    def test_a_layer_is_tied_once(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, Well)
        self.assertIs(tiepoint.qgis.tied(layer), ties)
        with self.assertRaises(tiepoint.AlreadyExists):
            tiepoint.qgis.tie(layer, Well)
        ties.close()
        self.assertIsNone(tiepoint.qgis.tied(layer))
        self.tied(layer, Well)


class Within(Case):
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
