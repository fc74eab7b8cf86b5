"""Slots that raise nothing into QGIS, whatever happens in them."""

import functools
import traceback
from typing import Any, Callable, TypeVar

from qgis.core import Qgis, QgsMessageLog

Slot = TypeVar("Slot", bound=Callable[..., None])

#: How many faults are kept.
_KEPT = 100


def guarded(slot: Slot) -> Slot:
    """A method that is called by a signal: what it raises is kept in ``self.faults`` and told in
    QGIS's message log, and the layer's rows are read again when QGIS is idle."""

    @functools.wraps(slot)
    def called(self: Any, *arguments: Any) -> None:
        try:
            slot(self, *arguments)
        except Exception as fault:
            note(self.faults, fault)
            self.distrust()

    return called  # type: ignore[return-value]


def note(faults: "list[Exception]", fault: Exception) -> None:
    """Keeps a fault, and tells of it."""
    faults.append(fault)
    del faults[:-_KEPT]
    text = "".join(traceback.format_exception(type(fault), fault, fault.__traceback__))
    QgsMessageLog.logMessage(text, "tiepoint", Qgis.Critical)
