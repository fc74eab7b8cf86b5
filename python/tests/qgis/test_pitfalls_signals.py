"""Pitfalls 27 to 42: signals that never come, come twice, come too early, or lie."""

from typing import Any, List

from .tied import LATER, Tied, TiesTest, carriers

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt import sip
import tiepoint
import tiepoint.qgis

from . import edits, kinds, other_process, session
from .oracle import Thing

COMMITTED = (
    "committedFeaturesAdded",
    "committedFeaturesRemoved",
    "committedAttributeValuesChanges",
    "committedGeometriesChanges",
)


class Signals(TiesTest):
    def test_27_deletes_of_an_abandoned_command(self) -> None:
        it = self.tied("memory")
        heard = self.hear(it.layer, "featuresDeleted", "featureDeleted")
        it.layer.startEditing()
        it.layer.beginEditCommand("abandoned")
        it.delete(1)
        it.add(10)
        it.layer.destroyEditCommand()
        self.assertNotIn("featuresDeleted", [name for name, _ in heard])
        it.right()
        del heard[:]
        it.delete(2)
        self.assertEqual([name for name, _ in heard], ["featuresDeleted", "featureDeleted"])
        it.right()

    def test_28_rollback_within_a_command_signals_no_row(self) -> None:
        it = self.tied("gpkg")
        it.layer.startEditing()
        it.layer.beginEditCommand("open")
        it.add(10)
        it.delete(1)
        heard = self.hear(it.layer, "featureAdded", "featureDeleted", "featuresDeleted")
        it.layer.rollBack()
        self.assertEqual(heard, [])
        it.right()
        self.assertEqual(len(it.ties), 3)

    def test_29_commit_within_a_command(self) -> None:
        it = self.tied("gpkg")
        it.layer.startEditing()
        it.layer.beginEditCommand("open")
        it.add(10)
        it.delete(1)
        it.commit()
        heard = self.hear(it.layer, "featuresDeleted")
        it.right()
        it.layer.endEditCommand()
        self.assertEqual(len(heard), 0 if LATER else 1, "told of after all is over")
        it.right()

    def test_30_a_commit_that_fails_half_way(self) -> None:
        it = self.tied("gpkg", 4)
        it.layer.startEditing()
        it.add(20)
        bad = kinds.feature(it.layer, kinds.rows(1, 21)[0])
        bad.setAttribute(0, it.fid(1))
        it.layer.addFeature(bad)
        deleted = it.fid(3)
        it.delete(3)
        self.assertFalse(it.layer.commitChanges())
        it.right()
        heard = self.hear(it.layer, "featureAdded")
        it.undo()
        self.assertEqual(heard, [("featureAdded", deleted)], "a row that is gone for good")
        self.assertFalse(it.layer.getFeature(deleted).isValid())
        it.right()
        self.assertEqual(it.ties.state(it.thing(3)), "removed")
        it.layer.deleteFeature(bad.id())
        it.commit()
        it.right()

    def test_30_a_commit_that_fails_half_way_is_rolled_back(self) -> None:
        for kind in ("gpkg", "spatialite"):
            with self.subTest(kind):
                it = self.tied(kind, 4)
                it.layer.startEditing()
                bad = kinds.feature(it.layer, kinds.rows(1, 21)[0])
                bad.setAttribute(0, it.fid(1))
                it.layer.addFeature(bad)
                it.delete(3)
                self.assertFalse(it.layer.commitChanges())
                heard = self.hear(it.layer, "featureAdded")
                it.layer.rollBack()
                self.assertEqual(len(heard), 1, "as if its deletion had been taken back")
                it.right()
                self.assertEqual(it.ties.state(it.thing(3)), "removed")

    def test_31_hooks_may_edit_what_slots_must_not(self) -> None:
        it = self.tied("gpkg")
        within: List[bool] = []
        busy: List[int] = []
        it.layer.featureAdded.connect(lambda fid: busy.append(fid))
        it.layer.undoStack().indexChanged.connect(lambda _: busy.clear())

        def rename(thing: Thing) -> None:
            within.append(bool(busy))
            edits.change(it.layer, it.ties.fid(thing), kinds.NAME, "by a hook")

        it.ties.on_added = rename
        it.layer.startEditing()
        it.add(10)
        it.right()
        self.assertEqual(within, [False], "not from within the signal")
        self.assertEqual(it.row(10)[kinds.NAME], "by a hook")
        it.ties.on_added = None
        for step in (it.undo, it.undo, it.redo, it.redo):
            step()
            it.right()

    def test_31_a_slot_that_edits_turns_the_steps_round(self) -> None:
        layer = self.layer("memory")
        index = edits.field(layer, kinds.NAME)
        layer.featureAdded.connect(lambda fid: layer.changeAttributeValue(fid, index, "slot"))
        layer.startEditing()
        fid = edits.add(layer, kinds.rows(1, 10)[0])
        layer.undoStack().undo()
        self.assertNotIn(fid, kinds.fids_by_secret(layer).values(), "the later step is undone last")
        layer.rollBack()

    def test_32_within_a_commit_rows_show_twice(self) -> None:
        it = self.tied("gpkg")
        seen: List[Any] = []
        object_id = kinds.uuid_of(10)

        def look(*_: Any) -> None:
            seen.append((len(carriers(it.layer, object_id)), it.ties.get(object_id)))

        it.layer.startEditing()
        it.add(10)
        it.right()
        it.layer.committedFeaturesAdded.connect(look)
        it.commit()
        self.assertEqual(seen, [(2, it.thing(10))])
        it.right()

    def test_33_what_is_done_elsewhere_is_not_signalled(self) -> None:
        it = self.tied("gpkg")
        heard = self.hear(it.layer, "featureAdded", "featureDeleted", "dataChanged")
        it.layer.dataProvider().addFeatures([kinds.feature(it.layer, kinds.rows(1, 10)[0])])
        other_process.edit(kinds.KINDS["gpkg"], it.layer, delete=[1], add=kinds.rows(1, 11))
        second = QgsVectorLayer(it.layer.source(), "second", "ogr")
        second.startEditing()
        second.deleteFeature(it.fid(2))
        self.assertTrue(second.commitChanges())
        self.assertEqual(sorted(kinds.fids_by_secret(it.layer)), [3, 10, 11])
        self.assertEqual(heard, [])
        it.ties.resync()
        it.right()
        self.assertEqual(it.ties.state(it.thing(1)), "removed")

    def test_34_an_edit_of_a_row_that_is_gone_is_committed(self) -> None:
        it = self.tied("gpkg")
        heard = self.hear(it.layer, "committedAttributeValuesChanges")
        first = it.fid(1)
        it.layer.startEditing()
        edits.change(it.layer, first, kinds.NAME, "renamed")
        other_process.edit(kinds.KINDS["gpkg"], it.layer, delete=[1])
        self.assertEqual(it.layer.commitChanges(), not LATER)
        self.assertEqual([first in found for _, found in heard], [] if LATER else [True])
        it.layer.rollBack()
        it.ties.resync()
        it.right()
        self.assertEqual(it.ties.state(it.thing(1)), "removed")

    def test_35_a_layer_is_removed_while_it_is_edited(self) -> None:
        it = self.tied("gpkg")
        project = QgsProject.instance()
        project.addMapLayer(it.layer, False)
        source = it.layer.source()
        it.layer.startEditing()
        it.add(10)
        it.delete(1)
        it.right()
        heard = self.hear(
            it.layer, "willBeDeleted", "beforeRollBack", "featureAdded", "featureDeleted"
        )
        project.removeMapLayer(it.layer.id())
        self.assertEqual(heard, [("willBeDeleted",)])
        for secret in (1, 2, 3):
            self.assertEqual(it.ties.state(it.thing(secret)), "detached")
        self.assertEqual(it.ties.state(it.thing(10)), "removed", "it was never stored")
        it.ties.close()
        again = self.tie(QgsVectorLayer(source, "again", "ogr"))
        self.assertEqual(sorted(kinds.fids_by_secret(again.layer)), [1, 2, 3])
        for secret in (1, 2, 3):
            self.assertEqual(again.ties.object_id(again.thing(secret)), kinds.uuid_of(secret))

    def test_36_rows_that_the_filter_hides(self) -> None:
        it = self.tied("gpkg")
        it.layer.setSubsetString('"secret" < 3')
        it.right("hidden")
        self.assertEqual(it.ties.state(it.thing(3)), "hidden")
        heard = self.hear(it.layer, "featureAdded")
        it.layer.startEditing()
        it.add(10)
        it.right("hidden")
        it.commit()
        committed = heard[-1][1]
        self.assertGreater(committed, 0)
        self.assertNotIn(committed, kinds.fids_by_secret(it.layer).values(), "not to be seen")
        it.right("hidden")
        self.assertEqual(it.ties.state(it.thing(10)), "hidden")
        it.layer.setSubsetString("")
        it.right()

    def test_37_editing_stopped_and_yet_it_goes_on(self) -> None:
        it = self.tied("gpkg")
        heard = self.hear(it.layer, "editingStopped")
        it.layer.startEditing()
        it.add(10)
        it.layer.rollBack(False)
        self.assertTrue(heard and it.layer.isEditable())
        it.right()
        it.redo()
        it.right()
        del heard[:]
        it.commit(stop=False)
        self.assertTrue(not heard and it.layer.isEditable())
        it.right()
        it.delete(10)
        it.right()
        it.layer.rollBack()
        it.right()

    def test_38_transactions_commit_without_saying_what(self) -> None:
        for kind in ("gpkg", "spatialite"):
            with self.subTest(kind):
                it = self._in_a_transaction(kind)
                heard = self.hear(it.layer, *COMMITTED)
                it.add(10)
                it.delete(1)
                edits.change(it.layer, it.fid(2), kinds.NAME, "renamed")
                it.commit()
                self.assertEqual(heard, [])
                it.right()
                self.assertEqual(it.ties.state(it.thing(1)), "removed")
                self.assertEqual(it.ties.state(it.thing(10)), "live")

    def test_39_editing_starts_twice_in_a_transaction(self) -> None:
        layer = self.layer("gpkg")
        heard = self.hear(layer, "editingStarted")
        it = self._in_a_transaction("gpkg", layer)
        self.assertEqual(len(heard), 1 if LATER else 2)
        added: List[Thing] = []
        it.ties.on_added = added.append
        it.add(10)
        it.right()
        self.assertEqual(added, [it.thing(10)])

    def test_40_somebody_writes_another_id(self) -> None:
        it = self.tied("gpkg")
        told: List[Any] = []
        it.ties.on_rewritten = lambda thing, text: told.append((thing.secret, text))
        it.layer.startEditing()
        edits.change(it.layer, it.fid(1), kinds.IDENTITY, kinds.uuid_of(99))
        self.assertEqual(it.carried(1), kinds.uuid_of(99))
        it.right()
        self.assertEqual(told, [(1, kinds.uuid_of(99))])
        it.commit()
        it.right()
        self.assertEqual(it.carried(1), kinds.uuid_of(1), "restored")

    def test_40_another_id_is_left_where_that_is_wanted(self) -> None:
        it = self.tied("gpkg", rewritten="report")
        it.layer.startEditing()
        edits.change(it.layer, it.fid(1), kinds.IDENTITY, kinds.uuid_of(99))
        it.right()
        it.commit()
        self.assertEqual(it.carried(1), kinds.uuid_of(99))

    def test_41_what_a_slot_raises_is_swallowed(self) -> None:
        it = self.tied("memory")
        it.layer.featureAdded.connect(lambda _: 1 / 0)

        def fails(_: Thing) -> None:
            raise ValueError("a hook of the user's")

        it.ties.on_added = fails
        it.layer.startEditing()
        it.add(10)
        self.assertEqual(session.raised, ["ZeroDivisionError: division by zero"])
        session.raised.clear()
        session.settle()
        self.assertEqual([str(fault) for fault in it.ties.faults], ["a hook of the user's"])
        del it.ties.faults[:]
        it.ties.on_added = None
        it.right()
        it.layer.rollBack()

    def test_42_a_deleted_layer_is_survived(self) -> None:
        it = self.tied("memory")
        QgsProject.instance().addMapLayer(it.layer, False)
        row = it.row(1)
        QgsProject.instance().removeMapLayer(it.layer.id())
        self.assertTrue(sip.isdeleted(it.layer))
        with self.assertRaises(RuntimeError):
            it.layer.name()
        for asked in (row, row.id(), kinds.uuid_of(1)):
            with self.assertRaises(tiepoint.NotTied) as caught:
                it.ties[asked]
            self.assertEqual(caught.exception.reason, "detached")
        with self.assertRaises(tiepoint.NotTied):
            it.ties.feature(it.thing(1))
        self.assertFalse(it.ties.is_current(it.thing(1)))
        self.assertIsNone(it.ties.fid(it.thing(1)))

    def _in_a_transaction(self, kind: str, layer: Any = None) -> Tied:
        project = QgsProject.instance()
        it = self.tie(layer or self.layer(kind))
        project.setAutoTransaction(True)
        project.addMapLayer(it.layer, False)
        self.addCleanup(project.setAutoTransaction, False)
        self.addCleanup(project.takeMapLayer, it.layer)
        self.addCleanup(lambda: it.layer.isEditable() and it.layer.rollBack())
        it.layer.startEditing()
        return it
