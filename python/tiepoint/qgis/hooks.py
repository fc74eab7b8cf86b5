"""Telling hooks what became of objects, once QGIS is idle."""

from typing import TYPE_CHECKING, Any, Callable, List, Optional

from .._tiepoint import LayerTies, Transition
from .guard import note

if TYPE_CHECKING:
    from .ties import Ties

#: The hook that hears of a transition.
_HOOKS = {
    "added": "on_added",
    "changed": "on_changed",
    "deleted": "on_deleted",
    "returned": "on_returned",
    "removed": "on_removed",
    "forked": "on_forked",
    "rewritten": "on_rewritten",
    "rekeyed": "on_rekeyed",
    "hidden": "on_hidden",
    "detached": "on_detached",
    "settled": "on_settled",
}

#: Of these transitions a hook is told even where nobody has asked for the object yet.
_MADE_FOR_HOOKS = ("added", "forked", "returned", "changed", "rewritten", "rekeyed")

#: Of this one it is noted whose copy it is, whether there is a hook or not.
_NOTED = "forked"


class Teller:
    """Tells one layer's hooks. What they raise is noted, and goes no further."""

    def __init__(self, ties: "Ties[Any]", native: LayerTies) -> None:
        self._ties = ties
        self._native = native
        self._untold: List[Transition] = []
        self._telling = False

    def wanted(self) -> List[str]:
        """Which transitions are to be told of ties that have no object yet: as many as there are
        hooks for."""
        hooked = (it for it in _MADE_FOR_HOOKS if getattr(self._ties, _HOOKS[it]) is not None)
        return [_NOTED, *hooked]

    def heard(self, transition: Transition) -> None:
        """Keeps a transition until hooks may be told, if one is there for it."""
        hook = _HOOKS.get(transition.what)
        if hook is not None and getattr(self._ties, hook) is not None:
            self._untold.append(transition)

    def tell(self) -> None:
        """Tells all that was heard. What follows from it is told later."""
        if self._telling:
            return
        self._telling = True
        try:
            untold, self._untold = self._untold, []
            for transition in untold:
                self._tell(transition)
        finally:
            self._telling = False

    def tell_detached(self, thing: object) -> None:
        """Tells at once of an object whose layer is gone."""
        if self._ties.on_detached is not None:
            try:
                self._ties.on_detached(thing)
            except Exception as fault:
                note(self._ties.faults, fault)

    def _tell(self, transition: Transition) -> None:
        hook = getattr(self._ties, _HOOKS[transition.what])
        if hook is None:
            return
        try:
            thing = transition.object
            if thing is None:
                thing = self._ties.get(transition.object_id)
            if thing is None:
                return
            if transition.what == "forked":
                self._tell_forked(hook, transition.other_id, thing)
            elif transition.what in ("rewritten", "rekeyed"):
                hook(thing, transition.other_id)
            else:
                hook(thing)
        except Exception as fault:
            note(self._ties.faults, fault)

    def _tell_forked(self, hook: Callable[[Any, Any], object], of: Optional[str], copy: Any) -> None:
        """A copy whose original is gone, and was no object yet, has come like any other."""
        original = self._ties.get(of)
        if original is None:
            native = self._native
            ids = ((native.tie_of(it), it) for it in native.objects())
            held = (it for tie, it in ids if tie is not None and native.object_id(tie) == of)
            original = next(held, None)
        if original is not None:
            hook(original, copy)
        elif self._ties.on_added is not None:
            self._ties.on_added(copy)
