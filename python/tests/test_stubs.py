"""The stubs and the binary say the same: every name, every parameter, every property, both ways."""

import ast
import inspect
import types
import unittest
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

import tiepoint
from tiepoint import _tiepoint

STUB = Path(tiepoint.__file__).with_name("_tiepoint.pyi")

# What CPython adds to every extension module and class, or makes of a method that is defined.
FROM_CPYTHON = {
    "__doc__",
    "__file__",
    "__loader__",
    "__module__",
    "__name__",
    "__package__",
    "__spec__",
    "__all__",
    "__new__",
    "__qualname__",
}

Parameter = Tuple[str, str, Any]
Function = ast.FunctionDef


def stubbed() -> Dict[str, Union[ast.ClassDef, Function]]:
    """The functions and classes of the stub; its aliases, which only a type checker sees, are not."""
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    return {it.name: it for it in tree.body if isinstance(it, (ast.ClassDef, Function))}


def members(stub: ast.ClassDef) -> Dict[str, Function]:
    return {it.name: it for it in stub.body if isinstance(it, Function)}


def is_marked(stub: Union[ast.ClassDef, Function], decorator: str) -> bool:
    return any(isinstance(it, ast.Name) and it.id == decorator for it in stub.decorator_list)


def stub_parameters(stub: Function) -> List[Parameter]:
    """Name, kind and default of each parameter in the stub."""
    given = stub.args
    plain = [(it, "POSITIONAL_ONLY") for it in given.posonlyargs]
    plain += [(it, "POSITIONAL_OR_KEYWORD") for it in given.args]
    defaults = [None] * (len(plain) - len(given.defaults)) + list(given.defaults)
    named = [(it, "KEYWORD_ONLY") for it in given.kwonlyargs]
    both = list(zip(plain + named, defaults + list(given.kw_defaults)))
    return [(arg.arg, kind, default_of(default)) for (arg, kind), default in both]


def default_of(default: Union[ast.expr, None]) -> Any:
    return inspect.Parameter.empty if default is None else ast.literal_eval(default)


def binary_parameters(function: Any) -> List[Parameter]:
    """Name, kind and default of each parameter in the binary."""
    parameters = inspect.signature(function).parameters.values()
    return [(it.name, it.kind.name, it.default) for it in parameters]


def without_self(parameters: List[Parameter]) -> List[Parameter]:
    assert parameters[0][0] == "self", parameters
    return parameters[1:]


class TheStubs(unittest.TestCase):
    def test_name_what_the_binary_has_and_nothing_else(self) -> None:
        there = {name for name in vars(_tiepoint) if name not in FROM_CPYTHON}
        self.assertEqual(there, set(stubbed()))
        self.assertGreater(len(there), 5)

    def test_name_the_members_that_each_class_has(self) -> None:
        for name, stub in stubbed().items():
            if isinstance(stub, ast.ClassDef):
                there = {it for it in vars(getattr(_tiepoint, name)) if it not in FROM_CPYTHON}
                self.assertEqual(there, set(members(stub)) - FROM_CPYTHON, name)

    def test_give_functions_the_parameters_that_they_take(self) -> None:
        for name, stub in stubbed().items():
            if isinstance(stub, Function):
                there = binary_parameters(getattr(_tiepoint, name))
                self.assertEqual(there, stub_parameters(stub), name)

    def test_give_methods_the_parameters_that_they_take(self) -> None:
        for name, stub in self.classes():
            for member, said in members(stub).items():
                there = vars(getattr(_tiepoint, name))[member]
                if member == "__new__" or isinstance(there, types.WrapperDescriptorType):
                    continue  # one of Python's own protocols, which fix the parameters
                if not is_marked(said, "property"):
                    mine = without_self(binary_parameters(there))
                    self.assertEqual(mine, without_self(stub_parameters(said)), f"{name}.{member}")

    def test_say_which_classes_are_made_by_calling_them_and_how(self) -> None:
        for name, stub in self.classes():
            kind, said = getattr(_tiepoint, name), members(stub).get("__new__")
            if said is not None:
                self.assertEqual(binary_parameters(kind), stub_parameters(said)[1:], name)
            else:
                with self.assertRaisesRegex(TypeError, "cannot create|No constructor", msg=name):
                    kind()

    def test_tell_properties_from_methods(self) -> None:
        for name, stub in self.classes():
            for member, said in members(stub).items():
                there = vars(getattr(_tiepoint, name))[member]
                is_property = isinstance(there, types.GetSetDescriptorType)
                self.assertEqual(is_property, is_marked(said, "property"), f"{name}.{member}")

    def test_say_which_classes_are_final(self) -> None:
        for name, stub in self.classes():
            self.assertEqual(is_final(getattr(_tiepoint, name)), is_marked(stub, "final"), name)

    def test_tell_of_everything_what_it_is(self) -> None:
        for name, stub in stubbed().items():
            self.assertIsNotNone(ast.get_docstring(stub), name)
            for member, said in spoken(stub).items():
                self.assertIsNotNone(ast.get_docstring(said), f"{name}.{member}")

    def test_tell_what_help_tells(self) -> None:
        for name, stub in stubbed().items():
            there = getattr(_tiepoint, name)
            self.assertEqual(words(there.__doc__), words(ast.get_docstring(stub)), name)
            for member, said in spoken(stub).items():
                doc = words(vars(there)[member].__doc__)
                self.assertEqual(doc, words(ast.get_docstring(said)), f"{name}.{member}")

    def test_are_marked_as_there_for_type_checkers(self) -> None:
        self.assertTrue(STUB.with_name("py.typed").exists())

    def test_are_of_what_the_package_gives_out(self) -> None:
        self.assertLessEqual(set(stubbed()), set(tiepoint.__all__))

    def classes(self) -> List[Tuple[str, ast.ClassDef]]:
        return [(name, it) for name, it in stubbed().items() if isinstance(it, ast.ClassDef)]


def spoken(stub: Union[ast.ClassDef, Function]) -> Dict[str, Function]:
    """The members that have names of their own, not those of Python's protocols."""
    named = members(stub) if isinstance(stub, ast.ClassDef) else {}
    return {name: it for name, it in named.items() if not name.startswith("__")}


def words(doc: Optional[str]) -> List[str]:
    """The words of a docstring, however its lines are broken."""
    return (doc or "").split()


def is_final(kind: type) -> bool:
    try:
        types.new_class("Child", (kind,))
    except TypeError:
        return True
    return False


if __name__ == "__main__":
    unittest.main()
