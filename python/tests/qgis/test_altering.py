"""Layers of every kind that carry no ids yet: given a field, filled, and the same at the next start."""

import tempfile
import unittest
from typing import Dict, Tuple

import tiepoint
import tiepoint.qgis
from qgis.core import QgsVectorLayer

from . import kinds, postgis, session
from ..support import cannot_run

session.start()


class Altering(unittest.TestCase):
    def made(self, name: str, ids: bool) -> "Tuple[QgsVectorLayer, kinds.Source]":
        """A layer of three rows, and where it is kept."""
        kind = kinds.KINDS[name]
        if kind.provider == "postgres" and not postgis.address():
            cannot_run("a PostGIS server: TIEPOINT_POSTGIS names none")
        folder = tempfile.TemporaryDirectory(prefix="tiepoint-")
        self.addCleanup(folder.cleanup)
        rows = [kinds.Row(n, kinds.uuid_of(n) if ids else None, f"name {n}") for n in (1, 2, 3)]
        source = kinds.create(kind, rows, folder.name)
        return source.open(), source

    def ids(self, layer: QgsVectorLayer, **named: object) -> Dict[int, str]:
        """The ids of a layer's objects, by secret."""
        ties = tiepoint.qgis.tie(layer, factory=lambda feature: _Thing(feature[kinds.SECRET]), **named)
        try:
            self.assertEqual(ties.untied(), [])
            self.assertEqual(len(ties), layer.featureCount())
            return {int(thing.secret): ties.object_id(thing) for thing in ties}
        finally:
            ties.close()

    def gets_ids_that_stay(
        self, layer: QgsVectorLayer, source: kinds.Source, **named: object
    ) -> None:
        first = self.ids(layer, alter=True, **named)
        self.assertEqual(sorted(first), [1, 2, 3])
        self.assertEqual(len(set(first.values())), 3)
        del layer
        self.assertEqual(self.ids(source.open(), **named), first)

    def test_a_field_is_added(self) -> None:
        for name in ("gpkg", "shp", "geojson", "csv", "spatialite", "postgres-int"):
            with self.subTest(name):
                self.gets_ids_that_stay(*self.made(name, ids=False), field="tie_id")

    def test_a_field_of_the_usual_name_is_added(self) -> None:
        for name in ("gpkg", "gpkg-none", "shp"):
            with self.subTest(name):
                layer, source = self.made(name, ids=False)
                provider = layer.dataProvider()
                self.assertTrue(provider.deleteAttributes([layer.fields().lookupField(kinds.IDENTITY)]))
                layer.updateFields()
                self.gets_ids_that_stay(layer, source)

    def test_a_field_is_filled(self) -> None:
        for name in ("gpkg", "shp", "geojson", "csv", "spatialite", "postgres-int", "postgres-text"):
            with self.subTest(name):
                self.gets_ids_that_stay(*self.made(name, ids=False))

    def test_ids_that_are_there_are_kept(self) -> None:
        for name in ("gpkg", "shp", "geojson", "postgres-bigint"):
            with self.subTest(name):
                layer, _ = self.made(name, ids=True)
                expected = {n: kinds.uuid_of(n) for n in (1, 2, 3)}
                self.assertEqual(self.ids(layer, alter=True), expected)

    def test_a_table_without_a_key_says_what_to_do(self) -> None:
        layer, _ = self.made("postgres-nopk", ids=False)
        with self.assertRaisesRegex(tiepoint.Unsupported, "natural key"):
            tiepoint.qgis.tie(layer, alter=True, factory=lambda feature: _Thing(0))

    def test_a_read_only_layer_is_tied_by_its_key(self) -> None:
        layer, _ = self.made("delimitedtext", ids=True)
        namespace = tiepoint.mint()
        ids = self.ids(layer, key="name", namespace=namespace)
        self.assertEqual(ids, self.ids(layer, key="name", namespace=namespace))


class _Thing:
    def __init__(self, secret: object) -> None:
        self.secret = secret


if __name__ == "__main__":
    unittest.main()
