"""Writing ids that are owed to rows: in an edit command of their own, or just before a commit."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Iterator

from qgis.core import QgsVectorLayer

import tiepoint

from .altering import write_ids

if TYPE_CHECKING:
    from .translator import Translator

_NAMES = {
    "new": "Give new features ids",
    "fork": "Give copies ids of their own",
    "rewritten": "Restore ids",
}


class Writer:
    """Writes what one layer's ties owe."""

    def __init__(self, translator: "Translator") -> None:
        self._translator = translator

    def write(self, before_commit: bool) -> None:
        """Writes all that is owed; the user may undo it like any other edit."""
        it = self._translator
        layer, index = it.layer, it.index
        debts = it.native.debts(before_commit)
        if not debts or layer is None or index < 0:
            return
        # Without the old values an undo of many changes takes quadratic time.
        carried = dict(it.rows([fid for fid, _, _ in debts]))
        with self._command(layer, _NAMES[debts[0][2]]):
            for fid, object_id, _ in debts:
                if fid in carried:
                    # Without defaults: one that is applied on update would write over it.
                    layer.changeAttributeValue(fid, index, object_id, carried[fid], True)

    def adopt(self, layer: QgsVectorLayer) -> int:
        """Gives features that have no object ids of their own; how many."""
        it = self._translator
        if it.index < 0:
            raise tiepoint.Invalid(
                f"the layer {layer.name()!r} has no field for ids now", "undo what took it away"
            )
        carried = dict(it.rows([fid for fid, _ in it.native.strays()]))
        ids = {fid: tiepoint.mint() for fid in carried}
        if layer.isEditable():
            with self._command(layer, "Give features ids"):
                for fid, object_id in ids.items():
                    layer.changeAttributeValue(fid, it.index, object_id, carried[fid], True)
        elif ids:
            write_ids(layer, it.index, ids)
            it.distrust()
        it.catch_up()
        return len(ids)

    @contextmanager
    def _command(self, layer: QgsVectorLayer, name: str) -> Iterator[None]:
        """An edit command of its own, unless somebody's is open."""
        own = not self._translator.in_command
        if own:
            layer.beginEditCommand(name)
        yield
        if own:
            layer.endEditCommand()
