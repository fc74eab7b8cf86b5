"""One headless QGIS for a whole test process."""

import os
import sys
import tempfile
import warnings
from types import TracebackType
from typing import List, Optional, Type

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="qgis-runtime-"))
os.environ.setdefault("QGIS_CUSTOM_CONFIG_PATH", tempfile.mkdtemp(prefix="qgis-profile-"))

from qgis.core import QgsApplication  # noqa: E402 (the environment comes first)
from qgis.PyQt.QtCore import QCoreApplication  # noqa: E402

_application: Optional[QgsApplication] = None

raised: List[str] = []
"""What Python slots raised: PyQt hands it to `sys.excepthook` and goes on as if nothing were."""


def start() -> QgsApplication:
    """QGIS, started at the first call. It is never closed: closing it crashes in some versions."""
    global _application
    if _application is None:
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        sys.excepthook = _note_what_was_raised
        _application = QgsApplication([], True)
        _application.initQgis()
    return _application


def settle() -> None:
    """Lets everything run that waits for the event loop."""
    QCoreApplication.processEvents()
    QCoreApplication.processEvents()


def finish(status: int) -> None:
    """Ends the process at once, past the destructors that crash in some versions of QGIS."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _note_what_was_raised(
    kind: Type[BaseException], error: BaseException, trace: Optional[TracebackType]
) -> None:
    raised.append("{}: {}".format(kind.__name__, error))
    sys.__excepthook__(kind, error, trace)
