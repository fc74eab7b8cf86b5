"""Pitfalls 43 to 45: features that are not what they seem, and objects that come back."""

import gc
import weakref

from .tied import TiesTest

import tiepoint

from . import edits, kinds


class Objects(TiesTest):
    def test_43_a_feature_is_no_key(self) -> None:
        layer, other = self.layer("memory"), self.layer("memory")
        first, same = layer.getFeature(1), other.getFeature(1)
        self.assertEqual(first, same, "features of two layers are equal if they say the same")
        held = weakref.WeakValueDictionary({"feature": layer.getFeature(1)})
        gc.collect()
        self.assertEqual(list(held), [], "each fetch makes a new one, and it dies at once")
        it = self.tie(layer)
        self.assertIs(it.ties[layer.getFeature(1)], it.ties[layer.getFeature(1)])
        same[kinds.IDENTITY] = kinds.uuid_of(77)
        with self.assertRaises(tiepoint.NotTied):
            it.ties[same]

    def test_44_one_feature_is_added_twice(self) -> None:
        it = self.tied("memory")
        it.layer.startEditing()
        feature = kinds.feature(it.layer, kinds.rows(1, 10)[0])
        it.layer.addFeature(feature)
        first = feature.id()
        feature[kinds.SECRET] = 11
        it.layer.addFeature(feature)
        self.assertNotEqual(feature.id(), first, "it knows of its second row only")
        it.right()
        self.assertIsNot(it.thing(10), it.thing(11))
        self.assertIs(it.ties[first], it.thing(10), "the first keeps the id")
        it.commit()
        it.right()

    def test_45_added_deleted_and_back_again(self) -> None:
        for kind in ("memory", "gpkg", "shp", "geojson", "csv"):
            with self.subTest(kind):
                it = self.tied(kind)
                it.layer.startEditing()
                fid = it.add(10)
                it.right()
                it.delete(10)
                it.right()
                self.assertEqual(it.ties.state(it.thing(10)), "deleted")
                it.undo()
                self.assertEqual(it.fid(10), fid, "it comes back as what it was")
                it.right()
                it.undo()
                it.right()
                dead = edits.add(it.layer, kinds.rows(1, 11)[0])
                self.assertNotEqual(dead, fid, "and never again, once the redo branch is gone")
                it.right()
                it.commit()
                it.right()
                self.assertEqual(it.ties.state(it.thing(10)), "removed")
