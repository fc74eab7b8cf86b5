"""Pitfalls 15 to 26: ids in fields are copied, rewritten, misspelt, missing, and moved about."""

from typing import Any, List, Set

from .tied import Tied, TiesTest, carriers

from qgis.core import (
    QgsDefaultValue,
    QgsField,
    QgsFieldConstraints,
    QgsGeometry,
)
from qgis.PyQt.QtCore import QVariant
import tiepoint
import tiepoint.qgis

from . import edits, kinds, session
from .oracle import Thing
from .scenarios.story import numbered


class Ids(TiesTest):
    def test_15_split_parts_share_an_id(self) -> None:
        for kind in ("memory", "gpkg", "shp", "geojson"):
            with self.subTest(kind):
                it = self.tied(kind)
                forked = self._forks(it)
                it.layer.startEditing()
                edits.split_as_one(it.layer, it.fid(1), numbered(31))
                self.assertEqual(len(carriers(it.layer, kinds.uuid_of(1))), 2)
                it.right()
                self.assertEqual(forked, [(1, 31)])
                self.assertEqual(it.carried(31), it.ties.object_id(it.thing(31)))
                it.commit()
                it.right()

    def test_16_copies_share_an_id(self) -> None:
        it = self.tied("gpkg")
        forked = self._forks(it)
        it.layer.startEditing()
        edits.paste(it.layer, edits.copy(it.layer, [it.fid(1)]), numbered(31))
        edits.duplicate(it.layer, it.fid(2), numbered(32))
        parts = kinds.square(3).asGeometryCollection() + kinds.square(9).asGeometryCollection()
        it.layer.changeGeometry(it.fid(3), QgsGeometry.collectGeometry(parts))
        edits.to_single_parts(it.layer, it.fid(3), numbered(3, 33))
        shared = [len(carriers(it.layer, kinds.uuid_of(n))) for n in (1, 2, 3)]
        self.assertEqual(shared, [2, 2, 2])
        it.right()
        self.assertEqual(sorted(forked), [(1, 31), (2, 32), (3, 33)])
        it.commit()
        it.right()
        self.assertEqual(len(self._ids(it)), 6)

    def test_16_copies_are_reported_where_that_is_wanted(self) -> None:
        layer = self.layer("gpkg")
        ties = tiepoint.qgis.tie(layer, Thing, duplicates="report")
        self.addCleanup(ties.close)
        original = ties[1]
        layer.startEditing()
        (copy,) = edits.paste(layer, edits.copy(layer, [1]), numbered(31))
        session.settle()
        with self.assertRaises(tiepoint.NotTied) as caught:
            ties[copy]
        self.assertEqual((caught.exception.reason, ties.state(copy)), ("duplicate", "duplicate"))
        self.assertIs(ties[1], original)
        self.assertEqual(len(carriers(layer, kinds.uuid_of(1))), 2, "nothing is written")

    def test_17_a_default_that_is_applied_on_update(self) -> None:
        it = self.tied("memory")
        index = edits.field(it.layer, kinds.IDENTITY)
        it.layer.setDefaultValueDefinition(index, QgsDefaultValue("uuid('WithoutBraces')", True))
        it.layer.startEditing()
        edits.change(it.layer, it.fid(1), kinds.NAME, "renamed")
        self.assertNotEqual(it.carried(1), kinds.uuid_of(1), "any edit rewrites the id")
        it.right()
        it.commit()
        it.right()
        self.assertEqual(it.carried(1), kinds.uuid_of(1), "restored")

    def test_18_an_id_comes_back_in_a_new_row(self) -> None:
        it = self.tied("gpkg")
        it.layer.startEditing()
        old = it.fid(1)
        clipboard = edits.cut(it.layer, [old])
        it.right()
        self.assertEqual(it.ties.state(it.thing(1)), "deleted")
        edits.paste(it.layer, clipboard)
        self.assertNotEqual(it.fid(1), old)
        it.right()
        edits.merge_new(it.layer, it.fid(2), it.fid(3))
        it.right()
        it.undo(2)
        it.right()
        it.redo(2)
        it.right()
        it.commit()
        it.right()

    def test_19_a_merge_may_take_the_id_of_the_row_that_dies(self) -> None:
        it = self.tied("gpkg")
        it.layer.startEditing()
        heard = self.hear(it.layer, "attributeValueChanged", "featureAdded")
        first, second = it.fid(1), it.fid(2)
        edits.merge_into(it.layer, first, second, identity_of_merged=True)
        self.assertEqual(it.carried(1), kinds.uuid_of(2))
        del heard[:]
        it.undo()
        names = [name for name, _ in heard]
        self.assertEqual(names[-1], "featureAdded", "the other row returns after the id was taken")
        it.redo()
        it.right()
        it.commit()
        it.right()
        self.assertEqual(it.carried(1), kinds.uuid_of(1), "restored")

    def test_20_swapped_ids(self) -> None:
        it = self.tied("gpkg")
        shared: List[int] = []
        it.layer.startEditing()
        it.layer.attributeValueChanged.connect(
            lambda *_: shared.append(len(carriers(it.layer, kinds.uuid_of(2))))
        )
        with edits.command(it.layer, "swap"):
            edits.change(it.layer, it.fid(1), kinds.IDENTITY, kinds.uuid_of(2))
            edits.change(it.layer, it.fid(2), kinds.IDENTITY, kinds.uuid_of(1))
        self.assertIn(2, shared, "between two signals both rows carry it")
        it.undo()
        it.right()
        it.redo()
        it.right()
        it.commit()
        it.right()
        self.assertEqual((it.carried(1), it.carried(2)), (kinds.uuid_of(1), kinds.uuid_of(2)))

    def test_21_whatever_is_written_is_accepted(self) -> None:
        it = self.tied("gpkg")
        index, unique = edits.field(it.layer, kinds.IDENTITY), QgsFieldConstraints.ConstraintUnique
        hard = QgsFieldConstraints.ConstraintStrengthHard
        it.layer.setFieldConstraint(index, unique, hard)
        it.layer.startEditing()
        texts = (None, "", "x", kinds.uuid_of(1))
        for secret, text in enumerate(texts, 10):
            it.add(secret, text)
        self.assertEqual(it.carried(12), "x")
        self.assertEqual(len(carriers(it.layer, kinds.uuid_of(1))), 2)
        it.right()
        it.commit()
        it.right()
        self.assertEqual(len(self._ids(it)), 7, "all have one, and each its own")

    def test_22_ids_are_spelt_in_many_ways(self) -> None:
        it = self.tied("gpkg")
        braces = "{{{}}}".format(kinds.uuid_of(10)).upper()
        it.layer.startEditing()
        it.add(10, braces)
        it.right()
        it.commit()
        it.right()
        self.assertEqual(it.carried(10), braces, "what was written stays")
        self.assertEqual(it.ties.object_id(it.thing(10)), kinds.uuid_of(10))
        for spelt in (braces, kinds.uuid_of(10), kinds.uuid_of(10).replace("-", "")):
            self.assertIs(it.ties[spelt], it.thing(10))

    def test_22_postgres_spells_ids_its_own_way(self) -> None:
        it = self.tied("postgres-uuid")
        braces = "{{{}}}".format(kinds.uuid_of(10)).upper()
        it.layer.startEditing()
        it.add(10, braces)
        it.commit()
        self.assertEqual(it.carried(10), kinds.uuid_of(10))
        it.right()

    def test_23_ids_that_the_server_gives(self) -> None:
        it = self.tied("postgres-uuid")
        it.layer.startEditing()
        clause = it.layer.dataProvider().defaultValueClause(edits.field(it.layer, kinds.IDENTITY))
        for secret in (31, 32):
            it.add(secret, clause)
        self.assertEqual(len(carriers(it.layer, clause)), 2, "as forms fill new features in")
        it.right()
        it.commit()
        it.right()
        self.assertEqual(len(self._ids(it)), 5)

    def test_24_computed_fields_carry_no_identity(self) -> None:
        layer = self.layer("memory")
        layer.addExpressionField("uuid('WithoutBraces')", QgsField("made_up", QVariant.String))
        said = [next(layer.getFeatures())["made_up"] for _ in range(2)]
        self.assertNotEqual(said[0], said[1])
        with self.assertRaises(tiepoint.Invalid):
            tiepoint.qgis.tie(layer, Thing, field="made_up")

    def test_25_a_feature_under_a_wrong_fid(self) -> None:
        it = self.tied("memory")
        it.layer.startEditing()
        feature = it.row(1)
        feature.setId(it.fid(2))
        feature[kinds.SECRET] = 2
        it.layer.updateFeature(feature)
        self.assertEqual(len(carriers(it.layer, kinds.uuid_of(1))), 2, "row 2 was overwritten")
        it.right()
        it.commit()
        it.right()
        self.assertEqual(it.carried(2), kinds.uuid_of(2), "restored")

    def test_26_the_identity_field_moves(self) -> None:
        it = self.tied("memory")
        it.layer.addExpressionField("1", QgsField("computed", QVariant.Int))
        heard = self.hear(it.layer, "attributeAdded")
        it.layer.startEditing()
        kinds.add_field(it.layer, "extra")
        self.assertNotEqual(heard[0][1], edits.field(it.layer, "extra"), "the index is wrong")
        it.right()
        it.layer.deleteAttribute(edits.field(it.layer, "extra"))
        it.right()
        it.commit()
        it.right()

    def test_26_the_identity_field_goes_and_comes_back(self) -> None:
        it = self.tied("gpkg")
        it.layer.startEditing()
        index = edits.field(it.layer, kinds.IDENTITY)
        it.layer.deleteAttribute(index)
        self.assertEqual(edits.field(it.layer, kinds.IDENTITY), -1)
        session.settle()
        self.assertIs(it.ties[it.fid(1)], it.thing(1))
        it.undo()
        it.right()
        it.layer.renameAttribute(index, "renamed")
        session.settle()
        self.assertIs(it.ties[it.row(1)], it.thing(1))
        it.undo()
        it.right()

    def test_26_a_row_is_redone_and_the_identity_field_goes_before_anybody_looked(self) -> None:
        for kind in ("gpkg", "memory"):
            with self.subTest(kind):
                layer = self.layer(kind)
                it = self.tie(layer, field=None, key=kinds.NAME, namespace=kinds.NAMESPACE)
                layer.startEditing()
                fid = edits.add(layer, kinds.Row(10, None, "new"))
                session.settle()
                thing = it.ties[fid]
                layer.deleteAttribute(edits.field(layer, kinds.NAME))
                it.undo(2)
                session.settle()
                self.assertEqual(it.ties.state(thing), "deleted")
                it.redo(2)
                session.settle()
                it.undo()
                session.settle()
                self.assertIs(it.ties[fid], thing)

    def _forks(self, it: Tied) -> List[Any]:
        forks: List[Any] = []
        it.ties.on_forked = lambda one, copy: forks.append((one.secret, copy.secret))
        return forks

    def _ids(self, it: Tied) -> Set[Any]:
        """The ids that the rows carry, in the one way of writing them."""
        spelt = kinds.KINDS["memory"].id_of
        return {spelt(f[kinds.IDENTITY]) for f in it.layer.getFeatures()} - {None}


