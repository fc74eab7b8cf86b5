"""Objects of any class: how they are made, and by what."""

import unittest
from dataclasses import dataclass, field
from typing import Any, List

from .wells import Case, Well, first, layer_of

import tiepoint
import tiepoint.qgis
from qgis.core import QgsFeature


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

    def test_a_dataclass_is_not_called_with_a_feature_for_a_value(self) -> None:
        @dataclass
        class Named:
            name: str

        @dataclass
        class Measured:
            depths: List[float] = field(default_factory=list)

        layer = layer_of("oak", "elm")
        with self.assertRaisesRegex(tiepoint.Invalid, "factory="):
            tiepoint.qgis.tie(layer, Named)
        ties = self.tied(layer, Measured)
        self.assertEqual(ties[1].depths, [])
        self.assertIsNot(ties[1], ties[2], "though they are equal, and cannot be hashed")
        self.assertEqual(ties.fid(ties[2]), 2)

    def test_a_class_whose_argument_is_said_to_be_a_feature(self) -> None:
        class Said:
            def __init__(self, feature: "QgsFeature", depth: int = 3) -> None:
                self.name, self.depth = feature["name"], depth

        layer = layer_of("oak")
        self.assertEqual(self.tied(layer, Said)[1].name, "oak")

    def test_one_object_is_not_made_for_two_features(self) -> None:
        one: Any = Well({"name": "one"})
        layer = layer_of("oak", "elm")
        ties = self.tied(layer, factory=lambda feature: one)
        self.assertIs(ties[1], one)
        with self.assertRaisesRegex(tiepoint.AlreadyExists, "make one for each"):
            ties[2]
        self.assertIs(ties[1], one)
        ties.untie(one)
        self.assertIs(ties[2], one)

    def test_nothing_is_no_object(self) -> None:
        layer = layer_of("oak")
        ties = self.tied(layer, factory=lambda feature: None)
        with self.assertRaisesRegex(tiepoint.Invalid, "None is no object"):
            ties[1]

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


if __name__ == "__main__":
    unittest.main()
