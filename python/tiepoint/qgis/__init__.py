"""Objects of your own behind the features of QGIS's layers, whatever happens to either.

    ties = tiepoint.qgis.tie(layer, Well)       # any class
    well = ties[feature]                        # and ties.feature(well)
    ties.on_forked = lambda well, copy: ...     # hooks for whatever can happen

Needs QGIS's Python (``qgis.core``), 3.22 or later.
"""

from .ties import Ties, tied
from .tying import tie

__all__ = ["Ties", "tie", "tied"]
