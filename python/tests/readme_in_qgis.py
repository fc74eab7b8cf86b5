"""Run in a process of its own, in an empty folder: what the README says, as it stands there.

    python -m tests.readme_in_qgis FOLDER
"""

import os
import re
import sys
from typing import Any, Dict, List

from qgis.core import QgsApplication, QgsFeature, QgsVectorLayer

import tiepoint

from .support import COUNTRIES, ROOT


def examples() -> List[str]:
    """The README's Python, block by block."""
    readme = (ROOT / "python" / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", readme, re.DOTALL)


def wells() -> QgsVectorLayer:
    """A layer, as a plugin finds it."""
    layer = QgsVectorLayer("Point?field=name:string&field=depth_m:double", "wells", "memory")
    feature = QgsFeature(layer.fields())
    feature.setAttributes(["deep one", 150.0])
    layer.dataProvider().addFeature(feature)
    return layer


def main(folder: str) -> None:
    application = QgsApplication([], True)
    application.initQgis()
    os.chdir(folder)
    with tiepoint.create("tour.gpkg") as store:
        store.load(COUNTRIES)
    of_ties, of_keeping, of_stores = examples()
    names: Dict[str, Any] = {"layer": wells()}
    exec(of_ties, names)
    assert names["well"].is_deep() and names["layer"].selectedFeatureCount() == 1
    exec(of_keeping, names)
    assert names["wells"] == [names["well"]]
    exec(of_stores, {})
    sys.stdout.flush()
    os._exit(0)  # closing QGIS crashes in some versions


if __name__ == "__main__":
    main(*sys.argv[1:])
