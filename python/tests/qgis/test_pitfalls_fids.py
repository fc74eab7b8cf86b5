"""Pitfalls 1 to 14: what a fid says today it need not say tomorrow."""

import shutil
import sqlite3
import tempfile

from .tied import Tied, TiesTest, carriers, secrets_by_fid

from qgis.core import QgsFeature, QgsFeatureRequest, QgsProject, QgsVectorLayer
import tiepoint.qgis

from . import edits, kinds, other_process, postgis, session
from .oracle import Thing


class Fids(TiesTest):
    def test_01_shapefile_delete_and_add_in_one_commit(self) -> None:
        it = self.tied("shp", 4)
        committed = self.hear(it.layer, "committedFeaturesAdded")
        it.layer.startEditing()
        it.delete(1)
        it.add(10)
        it.commit()
        (told,) = committed[0][1]
        self.assertNotEqual(told.id(), it.fid(10), "what was committed is renumbered after")
        it.right()

    def test_02_csv_fids_shift_without_a_signal(self) -> None:
        it = self.tied("csv", 4)
        heard = self.hear(it.layer, "dataChanged")
        before = secrets_by_fid(it.layer)
        it.layer.startEditing()
        it.delete(2)
        it.commit()
        self.assertEqual([before[2], secrets_by_fid(it.layer)[2]], [2, 3])
        self.assertEqual(heard, [])
        it.right()

    def test_03_geojson_reuses_a_fid_within_one_commit(self) -> None:
        it = self.tied("geojson")
        gone = it.fid(3)
        it.layer.startEditing()
        it.delete(3)
        it.add(10)
        it.commit()
        self.assertEqual(it.fid(10), gone)
        it.right()
        self.assertEqual(it.ties.state(it.thing(3)), "removed")

    def test_04_shapefile_rows_deleted_through_the_provider(self) -> None:
        it = self.tied("shp", 4)
        heard = self.hear(it.layer, "dataChanged", "featureDeleted")
        second = it.fid(2)
        it.layer.dataProvider().deleteFeatures([it.fid(1)])
        self.assertEqual(secrets_by_fid(it.layer)[second], 3)
        self.assertEqual(heard, [])
        for row in it.layer.getFeatures():
            self.assertIs(it.ties[row], it.thing(row[kinds.SECRET]), "verified by its id")
        it.ties.resync()
        it.right()

    def test_05_postgres_without_a_key(self) -> None:
        it = self.tied("postgres-nopk")
        heard = self.hear(it.layer, "committedFeaturesAdded", "featureDeleted")
        it.layer.startEditing()
        it.add(10)
        it.commit()
        self.assertEqual([name for name, _ in heard], ["committedFeaturesAdded"])
        self.assertLess(heard[0][1][0].id(), 0, "still what it was called in the buffer")
        it.right()
        before = it.fid(1)
        other_process.edit(kinds.KINDS["postgres-nopk"], it.layer, rename=[1])
        self.assertNotEqual(it.fid(1), before, "an update moves the row")
        for row in it.layer.getFeatures():
            self.assertIs(it.ties[row], it.thing(row[kinds.SECRET]))
        it.ties.resync()
        it.right()

    def test_06_postgres_fids_counted_by_the_layer_object(self) -> None:
        for kind in ("postgres-uuid", "postgres-bigint", "postgres-text"):
            with self.subTest(kind):
                it = self.tied(kind, 4)
                other = QgsVectorLayer(it.layer.source(), "again", "postgres")
                wanted = QgsFeatureRequest().setFilterExpression('"secret" = 4')
                self.assertEqual([f.id() for f in other.getFeatures(wanted)], [1])
                self.assertNotEqual(it.fid(4), 1)
                again = self.tie(other)
                for secret in range(1, 5):
                    ids = [x.ties.object_id(x.thing(secret)) for x in (it, again)]
                    self.assertEqual(ids[0], ids[1])

    def test_07_an_edited_key_renames_the_fid(self) -> None:
        for kind in ("spatialite", "postgres-int"):
            with self.subTest(kind):
                it = self.tied(kind)
                heard = self.hear(it.layer, "featureDeleted", "featureAdded")
                it.layer.startEditing()
                it.layer.changeAttributeValue(it.fid(1), 0, 500)
                it.commit()
                self.assertEqual((it.fid(1), heard), (500, []))
                it.right()

    def test_08_rowids_are_used_again_and_renumbered(self) -> None:
        path = kinds.create(kinds.KINDS["spatialite"], []).path
        made = sqlite3.connect(path)
        made.execute("create table keyed (id integer primary key, object_id, name, secret integer)")
        made.execute("create table plain (object_id text, name text, secret integer)")
        for row in kinds.rows(3):
            values = (row.object_id, row.name, row.secret)
            made.execute("insert into keyed (object_id, name, secret) values (?, ?, ?)", values)
            made.execute("insert into plain values (?, ?, ?)", values)
        made.execute("delete from plain where secret = 2")
        made.commit()
        made.close()
        url = "dbname='{}' table=\"{}\""
        it = self.tie(QgsVectorLayer(url.format(path, "keyed"), "keyed", "spatialite"))
        last = it.fid(3)
        it.layer.startEditing()
        it.delete(3)
        it.commit()
        it.layer.startEditing()
        it.add(10)
        it.commit()
        self.assertEqual(it.fid(10), last)
        it.right()
        self._renumbered(url.format(path, "plain"), path)

    def _renumbered(self, url: str, path: str) -> None:
        plain = self.tie(QgsVectorLayer(url, "plain", "spatialite"))
        third, object_id = plain.fid(3), plain.ties.object_id(plain.thing(3))
        copy = shutil.copy(path, tempfile.mkdtemp())
        emptied = sqlite3.connect(copy)
        emptied.execute("vacuum")
        emptied.close()
        plain.layer.setDataSource(url.replace(path, copy), "plain", "spatialite")
        session.settle()
        self.assertNotEqual(plain.fid(3), third)
        self.assertEqual(plain.ties.object_id(plain.ties[plain.row(3)]), object_id)

    def test_09_fids_of_a_rolled_back_transaction_are_used_again(self) -> None:
        it = self._in_a_transaction("gpkg")
        first = it.add(30)
        it.right()
        heard = self.hear(it.layer, "featureDeleted")
        it.layer.rollBack()
        self.assertEqual(heard, [])
        it.layer.startEditing()
        self.assertEqual(it.add(31), first)
        it.right()
        self.assertIsNot(it.thing(31), it.thing(30))
        it.commit()
        it.right()

    def test_09_fids_of_an_undone_row_are_used_again_in_a_transaction(self) -> None:
        it = self._in_a_transaction("gpkg")
        first = it.add(30)
        it.right()
        it.undo()
        it.right()
        self.assertEqual(it.add(31), first)
        it.right()
        self.assertIsNot(it.thing(31), it.thing(30))

    def test_09_rows_return_under_other_fids_in_a_transaction(self) -> None:
        it = self._in_a_transaction("postgres-bigint")
        before = it.fid(2)
        it.delete(2)
        it.right()
        heard = self.hear(it.layer, "featureAdded")
        it.undo()
        self.assertEqual(heard, [("featureAdded", before)], "so QGIS says")
        self.assertNotEqual(it.fid(2), before)
        it.right()

    def _in_a_transaction(self, kind: str) -> Tied:
        it = self.tied(kind)
        project = QgsProject.instance()
        project.setAutoTransaction(True)
        project.addMapLayer(it.layer, False)
        self.addCleanup(project.setAutoTransaction, False)
        self.addCleanup(project.takeMapLayer, it.layer)
        self.addCleanup(lambda: it.layer.isEditable() and it.layer.rollBack())
        it.layer.startEditing()
        return it

    def test_10_a_fid_says_nothing_without_its_layer(self) -> None:
        it, other = self.tied("memory"), self.tie(self.layer("memory", 3, first=11))
        self.assertEqual(it.fid(1), other.fid(11))
        self.assertIsNot(it.ties[it.fid(1)], other.ties[other.fid(11)])
        with self.assertRaises(tiepoint.NotTied):
            it.ties[other.row(11)]

    def test_10_a_real_fid_below_zero(self) -> None:
        probe = self.layer("memory")
        probe.startEditing()
        next_fid = (edits.add(probe, kinds.Row(1)) or 0) - 1
        source = kinds.create(kinds.KINDS["gpkg-none"], kinds.rows(3))
        moved = sqlite3.connect(source.path)
        moved.execute("update t set fid = ? where secret = 3", (next_fid,))
        moved.commit()
        moved.close()
        layer = source.open()
        ties = tiepoint.qgis.tie(layer, Thing)
        self.addCleanup(ties.close)
        layer.startEditing()
        self.assertEqual(edits.add(layer, kinds.rows(1, 10)[0]), next_fid)
        session.settle()
        both = [f for f in layer.getFeatures() if f.id() == next_fid]
        self.assertEqual(sorted(f[kinds.SECRET] for f in both), [3, 10])
        for row in both:
            found = ties.get(row)
            self.assertTrue(found is None or found.secret == row[kinds.SECRET], found)
        self.assertEqual(ties.faults, [])

    def test_11_deleting_what_is_not_there_is_signalled(self) -> None:
        it = self.tied("memory")
        heard = self.hear(it.layer, "featureDeleted")
        it.layer.startEditing()
        nothing = QgsFeature().id()
        self.assertTrue(it.layer.deleteFeature(12345) and it.layer.deleteFeature(nothing))
        self.assertEqual(heard, [("featureDeleted", 12345), ("featureDeleted", nothing)])
        session.settle()
        self.assertEqual(len(it.ties), 3)
        it.undo(2)
        it.right()

    def test_12_many_added_features_share_the_fid_of_none(self) -> None:
        it = self.tied("memory")
        it.layer.startEditing()
        new = [kinds.feature(it.layer, row) for row in kinds.rows(2, 10)]
        it.layer.addFeatures(new)
        self.assertEqual(new[0].id(), new[1].id())
        it.right()
        for feature in new:
            found = it.ties.get(feature)
            self.assertIn(found, (None, it.thing(feature[kinds.SECRET])))

    def test_13_one_layer_id_and_other_rows(self) -> None:
        it = self.tied("gpkg")
        name, mine, other = it.layer.id(), it.layer.source(), self.layer("gpkg", 2, first=60)
        it.layer.setDataSource(other.source(), "other", "ogr")
        self.assertEqual((it.layer.id(), secrets_by_fid(it.layer)), (name, {1: 60, 2: 61}))
        it.right("detached")
        self.assertEqual(it.ties.state(it.thing(1)), "detached")
        it.layer.setDataSource(mine, "mine", "ogr")
        it.right("detached")

    def test_14_a_view_in_which_two_rows_share_a_key(self) -> None:
        base = self.layer("postgres-int", 2)
        table = postgis.qualified(base.dataProvider().uri().table())
        view = "create view {0}_twice as select 1 as id, object_id, name, secret, geom from {0}"
        postgis.execute(view.format(table))
        url = postgis.url_of(base.dataProvider().uri().table() + "_twice", "postgres-int")
        layer = QgsVectorLayer(url, "view", "postgres")
        self.assertEqual([f.id() for f in layer.getFeatures()], [1, 1])
        ties = tiepoint.qgis.tie(layer, Thing)
        self.addCleanup(ties.close)
        for row in layer.getFeatures():
            found = ties.get(row)
            self.assertTrue(found is None or found.secret == row[kinds.SECRET], found)
        self.assertEqual(len(carriers(layer, kinds.uuid_of(1))), 1)
