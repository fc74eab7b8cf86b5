"""Stores, layers and fields; tying and untying."""

import unittest
import uuid

import tiepoint

from .support import COUNTRIES, folder


class Stores(unittest.TestCase):
    def setUp(self) -> None:
        self.path = folder(self) / "world.gpkg"
        self.store = tiepoint.create(self.path)
        self.addCleanup(self.store.close)
        self.store.load(COUNTRIES)

    def test_a_document_is_loaded_and_counted(self) -> None:
        self.assertEqual(self.store.count("countries"), 177)
        self.assertEqual(self.store.load(COUNTRIES, "again"), 177)
        self.assertEqual([it.name for it in self.store.layers()], ["again", "countries"])
        self.assertEqual(self.store.load(COUNTRIES, "again", mode="append"), 177)
        self.assertEqual(self.store.count("again"), 2 * 177)

    def test_a_mode_nobody_knows_is_refused_with_those_there_are(self) -> None:
        with self.assertRaisesRegex(ValueError, "`merge` is none of create, append"):
            self.store.load(COUNTRIES, mode="merge")  # type: ignore[arg-type]

    def test_a_layer_tells_of_itself(self) -> None:
        layer = self.store.layer("countries")
        self.assertEqual(repr(layer), '<tiepoint.Layer "countries">')
        self.assertEqual((layer.geometry_kind, layer.crs), ("MultiPolygon", "EPSG:4326"))
        self.assertEqual((layer.identity, layer.identity_field), ("column", "object_id"))
        self.assertEqual((layer.fid_rule, layer.fid_name), ("stable", "fid"))
        self.assertIsNone(layer.read_only)
        self.assertIsNone(layer.namespace)

    def test_fields_tell_of_themselves(self) -> None:
        fields = {it.name: it for it in self.store.layer("countries").fields}
        self.assertEqual(fields["name"].type, "text")
        self.assertEqual(fields["geom"].type, "MultiPolygon XY, EPSG:4326")
        self.assertTrue(fields["name"].nullable)
        self.assertFalse(fields["name"].generated)
        self.assertNotIn("object_id", fields)

    def test_a_mistyped_layer_is_met_with_a_suggestion(self) -> None:
        with self.assertRaises(KeyError) as missing:
            self.store.layer("contries")
        self.assertIn("did you mean `countries`?", str(missing.exception))

    def test_a_closed_store_says_so(self) -> None:
        with tiepoint.open(self.path) as store:
            self.assertFalse(store.closed)
        self.assertTrue(store.closed)
        self.assertIn("(closed)", repr(store))
        with self.assertRaisesRegex(ValueError, "is closed"):
            store.layers()
        store.close()

    def test_a_store_that_is_there_is_not_created_again(self) -> None:
        with self.assertRaises(tiepoint.AlreadyExists):
            tiepoint.create(self.path)


class Tying(unittest.TestCase):
    def setUp(self) -> None:
        self.store = tiepoint.create(str(folder(self) / "world.gpkg"))
        self.addCleanup(self.store.close)
        self.store.load(COUNTRIES)

    def test_a_tied_layer_is_untied_and_tied_again(self) -> None:
        self.assertEqual(self.store.untie("countries"), ["countries"])
        self.assertIsNone(self.store.layer("countries").identity)
        self.assertIsNone(next(self.store.read("countries")).id)
        report = self.store.tie("countries", column="uuid")
        self.assertEqual((report.kept, report.minted, report.replaced), (0, 177, 0))
        self.assertEqual(self.store.layer("countries").identity_field, "uuid")
        self.assertIsNotNone(uuid.UUID(next(self.store.read("countries")).id))

    def test_a_key_names_the_objects_in_its_namespace(self) -> None:
        self.store.untie()
        namespace = uuid.UUID("67e55044-10b1-426f-9247-bb680e5fe0c8")
        self.store.tie("countries", key="iso_a3", namespace=namespace)
        layer = self.store.layer("countries")
        self.assertEqual((layer.identity, layer.namespace), ("key", str(namespace)))
        feature = next(self.store.read("countries", "iso_a3 = 'FJI'"))
        self.assertEqual(feature.id, str(uuid.uuid5(namespace, "FJI")))

    def test_a_namespace_that_is_no_uuid_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "namespace: `here` is not"):
            self.store.tie("countries", key="iso_a3", namespace="here")


if __name__ == "__main__":
    unittest.main()
