"""Writing ids that are owed to rows: in an edit command of their own, or just before a commit."""

from typing import TYPE_CHECKING

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
        own_command = not it.in_command
        if own_command:
            layer.beginEditCommand(_NAMES[debts[0][2]])
        for fid, object_id, _ in debts:
            if fid in carried:
                # Without defaults: one that is applied on update would write over it.
                layer.changeAttributeValue(fid, index, object_id, carried[fid], True)
        if own_command:
            layer.endEditCommand()
