"""Run in a process of its own: QGIS and tiepoint open one GeoPackage, and say which SQLite they use.

    python -m tests.beside_qgis PATH LAYER
"""

import json
import os
import sys
from typing import List

from qgis.core import QgsApplication, QgsProviderRegistry, QgsVectorLayer

import tiepoint


def asked_of_qgis(path: str) -> str:
    """What QGIS's own connection to the file says."""
    provider = QgsProviderRegistry.instance().providerMetadata("ogr")
    return provider.createConnection(path, {}).executeSql("SELECT sqlite_source_id()")[0][0]


def mapped() -> List[str]:
    """The files of SQLite that this process has in memory."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        paths = {line.split(maxsplit=5)[5].strip() for line in maps if "libsqlite3" in line}
    return sorted(paths)


def main(path: str, name: str) -> None:
    application = QgsApplication([], False)
    application.initQgis()
    layer = QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
    with tiepoint.open(path) as store:
        counts = [sum(1 for _ in layer.getFeatures()), store.count(name)]
        told = {
            "counts": counts,
            "mapped": mapped(),
            "qgis": asked_of_qgis(path),
            "tiepoint": tiepoint.sqlite_source_id(),
        }
    print(json.dumps(told), flush=True)
    os._exit(0)  # closing QGIS crashes in some versions


if __name__ == "__main__":
    main(*sys.argv[1:])
