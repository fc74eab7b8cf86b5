"""Exceptions: by whose move it is, as the builtin one would catch, and readable."""

import pickle
import unittest

import tiepoint

BUILTINS = {
    tiepoint.NotFound: LookupError,
    tiepoint.AlreadyExists: ValueError,
    tiepoint.Invalid: ValueError,
    tiepoint.Conflict: RuntimeError,
    tiepoint.Unsupported: NotImplementedError,
    tiepoint.Denied: PermissionError,
    tiepoint.Unavailable: OSError,
    tiepoint.Corrupt: ValueError,
    tiepoint.Internal: RuntimeError,
    tiepoint.NotTied: KeyError,
}


class Exceptions(unittest.TestCase):
    def test_each_is_ours_and_the_builtin_that_one_would_catch(self) -> None:
        for error, builtin in BUILTINS.items():
            self.assertTrue(issubclass(error, tiepoint.Error), error)
            self.assertTrue(issubclass(error, builtin), error)

    def test_each_reads_as_a_sentence_with_what_to_do_next(self) -> None:
        for error in BUILTINS:
            self.assertEqual(str(error("it is locked")), "it is locked", error)
        told = str(tiepoint.Unavailable("it is locked", "try again"))
        self.assertEqual(told, "it is locked\nhint: try again")

    def test_a_missing_tie_says_why(self) -> None:
        error = tiepoint.NotTied("feature 7 is deleted", "deleted", "undo brings it back")
        self.assertEqual(error.reason, "deleted")
        self.assertEqual(str(error), "feature 7 is deleted\nhint: undo brings it back")
        self.assertIsInstance(error, tiepoint.NotFound)

    def test_they_survive_pickling(self) -> None:
        for error in BUILTINS:
            again = pickle.loads(pickle.dumps(error("what", hint="next")))
            self.assertEqual((type(again), str(again)), (error, "what\nhint: next"))
        again = pickle.loads(pickle.dumps(tiepoint.NotTied("gone", "removed")))
        self.assertEqual(again.reason, "removed")

    def test_the_store_raises_them(self) -> None:
        with self.assertRaises(LookupError) as missing:
            tiepoint.open("/nowhere/at/all.gpkg")
        self.assertIsInstance(missing.exception, tiepoint.NotFound)
        with self.assertRaises(NotImplementedError) as unknown:
            tiepoint.open("trees.xyz")
        assert isinstance(unknown.exception, tiepoint.Unsupported)
        self.assertIn("memory:", str(unknown.exception.hint))


if __name__ == "__main__":
    unittest.main()
