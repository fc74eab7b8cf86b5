"""Reading: questions, values, and what happens while it waits."""

import collections.abc
import datetime
import decimal
import gc
import math
import signal
import threading
import time
import unittest
import uuid
from types import FrameType
from typing import Any, Optional

import tiepoint

from .support import COUNTRIES, folder

UTC = datetime.timezone.utc


def world() -> tiepoint.Store:
    store = tiepoint.create("memory:")
    store.load(COUNTRIES)
    return store


class Questions(unittest.TestCase):
    def setUp(self) -> None:
        self.store = world()

    def names(self, filter: Optional[str] = None, **more: Any) -> "list[str]":
        return [it["name"] for it in self.store.read("countries", filter, **more)]

    def test_a_filter_is_cql2_as_text_or_json(self) -> None:
        self.assertEqual(self.names("iso_a3 = 'FJI'"), ["Fiji"])
        as_json = '{"op": "=", "args": [{"property": "iso_a3"}, "FJI"]}'
        self.assertEqual(self.names(as_json), ["Fiji"])
        self.assertEqual(self.store.count("countries", "continent = 'Africa'"), 51)

    def test_a_box_may_cross_the_antimeridian(self) -> None:
        self.assertIn("Fiji", self.names(bbox=(177, -19, -178, -16)))
        self.assertEqual(self.store.count("countries", bbox=[177, -19, -178, -16]), 1)

    def test_an_order_is_a_list_in_one_text_or_one_by_one(self) -> None:
        largest = ["China", "India", "United States of America"]
        self.assertEqual(self.names(order="-pop_est,name", limit=3), largest)
        self.assertEqual(self.names(order=["-pop_est", "name"], limit=3), largest)
        self.assertEqual(self.names(order="-pop_est", limit=2, offset=1), largest[1:])
        self.assertEqual(self.names(order="char_length(name),name", limit=1), ["Chad"])

    def test_only_the_fields_asked_for_are_fetched(self) -> None:
        feature = next(self.store.read("countries", fields=["name", "iso_a3"]))
        self.assertEqual(list(feature), ["name", "iso_a3"])
        self.assertIsNone(feature.geometry)
        self.assertIsNone(feature.wkt)

    def test_geometries_come_in_the_crs_asked_for(self) -> None:
        fiji = next(self.store.read("countries", "iso_a3 = 'FJI'", crs="EPSG:3857"))
        self.assertRegex(fiji.wkt or "", r"^MULTIPOLYGON \(\(\(20")
        self.assertEqual(fiji.geometry, fiji["geom"])

    def test_what_makes_no_sense_is_refused_at_once(self) -> None:
        with self.assertRaisesRegex(ValueError, "filter: at character 8") as wrong:
            self.store.read("countries", "name = ")
        self.assertIn("^", str(wrong.exception))
        with self.assertRaisesRegex(LookupError, "no layer named `nowhere`"):
            self.store.read("nowhere")
        with self.assertRaisesRegex(tiepoint.Error, "nom"):
            self.store.read("countries", "nom = 'x'")
        with self.assertRaisesRegex(ValueError, "crs: "):
            self.store.read("countries", crs="no such thing")
        with self.assertRaises(ValueError):
            self.store.read("countries", bbox=(1, 2, 3))


class Features(unittest.TestCase):
    def setUp(self) -> None:
        self.feature = next(world().read("countries", "iso_a3 = 'FJI'", fields=["name", "iso_a3"]))

    def test_a_feature_is_a_mapping(self) -> None:
        self.assertIsInstance(self.feature, collections.abc.Mapping)
        self.assertEqual(dict(self.feature), {"name": "Fiji", "iso_a3": "FJI"})
        self.assertEqual(self.feature.items(), [("name", "Fiji"), ("iso_a3", "FJI")])
        self.assertEqual((self.feature.keys(), len(self.feature)), (["name", "iso_a3"], 2))
        self.assertEqual(self.feature.values(), ["Fiji", "FJI"])
        self.assertIn("name", self.feature)
        self.assertNotIn(7, self.feature)
        self.assertEqual(self.feature.get("nom", "none"), "none")

    def test_a_mistyped_field_is_met_with_a_suggestion(self) -> None:
        with self.assertRaises(KeyError) as missing:
            self.feature["nam"]
        self.assertEqual(str(missing.exception), "no field is named `nam`; did you mean `name`?")

    def test_its_ids_are_beside_its_values(self) -> None:
        self.assertEqual(str(uuid.UUID(self.feature.id)), self.feature.id)
        self.assertIsInstance(self.feature.fid, int)
        self.assertIn(self.feature.id, repr(self.feature))


class Values(unittest.TestCase):
    def value(self, cql2: str) -> Any:
        asked = world().read("countries", compute={"told": cql2}, limit=1)
        return next(asked)["told"]

    def test_values_are_pythons_own(self) -> None:
        zone = datetime.timezone(datetime.timedelta(hours=-3, minutes=-30))
        cases = {
            "7": 7,
            "-9223372036854775808": -(2**63),
            "0.1": 0.1,
            "'Zürich'": "Zürich",
            "TRUE": True,
            "NULL": None,
            "DECIMAL('1.50')": decimal.Decimal("1.50"),
            "BYTES('00ff')": b"\x00\xff",
            "DATE('2024-02-29')": datetime.date(2024, 2, 29),
            "TIME('12:30:00.25')": datetime.time(12, 30, 0, 250_000),
            "TIMESTAMP('2024-02-29T12:30:00Z')": datetime.datetime(2024, 2, 29, 12, 30, tzinfo=UTC),
            "TIMESTAMP('2024-02-29T12:30:00-03:30')": datetime.datetime(
                2024, 2, 29, 12, 30, tzinfo=zone
            ),
            "TIMESTAMP('2024-02-29T12:30:00')": datetime.datetime(2024, 2, 29, 12, 30),
            "UUID('67e55044-10b1-426f-9247-bb680e5fe0c8')": uuid.UUID(
                "67e55044-10b1-426f-9247-bb680e5fe0c8"
            ),
            """JSON('{"a": [1, null]}')""": {"a": [1, None]},
            "POINT(1 2)": bytes.fromhex("0101000000000000000000f03f0000000000000040"),
        }
        for cql2, value in cases.items():
            with self.subTest(cql2):
                told = self.value(cql2)
                self.assertEqual((type(told), told), (type(value), value))
                if isinstance(value, (datetime.datetime, datetime.time)):
                    self.assertEqual(told.utcoffset(), value.utcoffset())

    def test_what_pythons_datetime_cannot_hold_is_refused_with_a_way_out(self) -> None:
        for cql2 in [
            "TIMESTAMP('2024-02-29T12:30:00.123456789Z')",
            "TIME('12:30:00.1234567')",
            "DATE('0000-03-15')",
        ]:
            with self.subTest(cql2):
                with self.assertRaises(tiepoint.Unsupported) as refused:
                    self.value(cql2)
                self.assertIn("cast(told, 'text')", str(refused.exception.hint))
                self.assertIsInstance(self.value(f"cast({cql2}, 'text')"), str)


class Interrupted(Exception):
    """What the handler of a signal raises."""


def slow(corners: int) -> str:
    """A filter that is true of no country, and takes its time to find out."""
    angles = [2 * math.pi * it / corners for it in range(corners)]
    ring = [f"{10 * math.cos(it):.6f} {-60 + 5 * math.sin(it):.6f}" for it in angles]
    return f"distance(geom, LINESTRING({', '.join(ring)})) < 0"


class Waiting(unittest.TestCase):
    def test_a_signal_ends_a_reading(self) -> None:
        self.assert_interrupted(lambda store: list(store.read("countries", slow(8_000))))

    def test_a_signal_ends_a_count(self) -> None:
        self.assert_interrupted(lambda store: store.count("countries", slow(8_000)))

    def test_a_signal_ends_a_load_and_leaves_nothing_of_it(self) -> None:
        document = folder(self) / "many.csv"
        rows = (f"row {it},{it},{it / 2}" for it in range(400_000))
        document.write_text("\n".join(["name,number,half", *rows]), encoding="utf-8")
        stores = []

        def load(store: tiepoint.Store) -> None:
            stores.append(store)
            store.load(document)

        self.assert_interrupted(load)
        self.assertEqual([it.name for it in stores[0].layers()], ["countries"])

    def test_other_threads_run_while_one_waits(self) -> None:
        store, ticks, over = world(), [0], threading.Event()

        def tick() -> None:
            while not over.wait(0.002):
                ticks[0] += 1

        ticking = threading.Thread(target=tick)
        ticking.start()
        store.count("countries", slow(1_000))
        over.set()
        ticking.join()
        self.assertGreater(ticks[0], 10)

    def test_one_store_serves_many_threads(self) -> None:
        store, counts = world(), []

        def read() -> None:
            counts.append(sum(1 for _ in store.read("countries")))

        threads = [threading.Thread(target=read) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(counts, [177] * 8)

    def test_a_reading_that_nobody_wants_any_more_ends(self) -> None:
        store = world()
        before = threads_alive()
        for _ in range(20):
            next(store.read("countries"))
        gc.collect()
        until = time.monotonic() + 10
        while threads_alive() > before and time.monotonic() < until:
            time.sleep(0.01)
        self.assertLessEqual(threads_alive(), before)

    def assert_interrupted(self, work: Any) -> None:
        def interrupt(_signal: int, _frame: Optional[FrameType]) -> None:
            raise Interrupted

        before = signal.signal(signal.SIGALRM, interrupt)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        store = world()
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with self.assertRaises(Interrupted):
            work(store)
        self.assertLess(time.monotonic() - began, 4.0)


def threads_alive() -> int:
    """The threads of this process, ours included, which Python does not count."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("Threads:"))


if __name__ == "__main__":
    unittest.main()
