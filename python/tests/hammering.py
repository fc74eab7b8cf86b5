"""A writer for the hammer that adds points by tiepoint, a few at a time.

    python -m tests.hammering PATH SECONDS

writes from a process of its own, and prints the names of the points that were acknowledged.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import List

import tiepoint

LAYER = "wells"


class Loader:
    """Adds points to the layer; whatever it says it added has been committed."""

    def __init__(self, store: tiepoint.Store, prefix: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tiepoint-")
        self._document = Path(self._folder.name) / "more.geojson"
        self._store = store
        self._prefix = prefix
        self._made = 0
        self.refused = 0

    def add(self, count: int) -> List[str]:
        """The names of new points; none where the file was busy for too long."""
        names = [f"{self._prefix}{self._made + it}" for it in range(count)]
        self._made += count
        self._document.write_text(points(names), encoding="utf-8")
        try:
            self._store.load(str(self._document), LAYER, mode="append")
        except tiepoint.Unavailable:
            self.refused += 1
            return []
        return names


def points(names: List[str]) -> str:
    """A GeoJSON document of points with these names."""
    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {"type": "Point", "coordinates": [at % 180, at % 90]},
        }
        for at, name in enumerate(names, start=len(names[0]))
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def main(path: str, seconds: str) -> None:
    until = time.monotonic() + float(seconds)
    with tiepoint.open(path) as store:
        loader, added = Loader(store, "outside-"), []
        while time.monotonic() < until:
            added += loader.add(3)
    print(json.dumps({"added": added, "refused": loader.refused}))


if __name__ == "__main__":
    main(*sys.argv[1:])
