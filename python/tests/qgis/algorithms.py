"""QGIS's own algorithms of Processing, run in place by the code that the toolbox runs them with.

Of those of QGIS's that write attributes (field calculator, refactor fields) none works in place.
"""

import functools
import os
import sys
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Sequence, Union

from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)

from . import edits


def run(
    layer: QgsVectorLayer,
    algorithm: Union[str, QgsProcessingAlgorithm],
    fids: Sequence[int],
    **parameters: Any,
) -> None:
    """Runs an algorithm, or the one of this id, in place on these rows: one undo step. It leaves
    selected what became of them."""
    execute = _execute_in_place_run()
    if isinstance(algorithm, str):
        registry = QgsApplication.processingRegistry()
        algorithm = registry.createAlgorithmById(algorithm, {"IN_PLACE": True})
    layer.selectByIds(list(fids))
    with _in_a_project(layer) as project:
        context = QgsProcessingContext()
        context.setProject(project)
        done, _ = execute(algorithm, {"INPUT": layer, **parameters}, context, None, True)
    if not done:
        raise edits.Refused("{} did not run".format(algorithm.id()))


def translate(layer: QgsVectorLayer, fids: Sequence[int], by: float = 0.25) -> None:
    """Moves rows."""
    run(layer, "native:translategeometry", fids, DELTA_X=by, DELTA_Y=by)


def clip(
    layer: QgsVectorLayer, fids: Sequence[int], secrets_of: edits.SecretsOf = edits.as_copied
) -> List[int]:
    """Keeps the lower part of rows. They die, and are added again; the new fids."""
    boxes = [row.geometry().boundingBox() for row in edits.read(layer, fids)]
    lower = [QgsRectangle(b.xMinimum(), b.yMinimum(), b.xMaximum(), b.center().y()) for b in boxes]
    mask = _layer_of("Polygon", [QgsGeometry.fromRect(it) for it in lower])
    return _copied(layer, secrets_of, lambda: run(layer, "native:clip", fids, OVERLAY=mask))


def to_single_parts(layer: QgsVectorLayer, fid: int, secrets_of: edits.SecretsOf) -> List[int]:
    """Makes a row of each part of one, which dies; the new fids, none where there is one part."""
    return _copied(layer, secrets_of, lambda: run(layer, "native:multiparttosingleparts", [fid]))


def split(layer: QgsVectorLayer, fid: int, secrets_of: edits.SecretsOf) -> List[int]:
    """Splits a row with a line down its middle. It dies, its parts are new rows; their fids."""
    box = edits.read(layer, [fid])[0].geometry().boundingBox()
    x, south, north = box.center().x(), box.yMinimum() - 1, box.yMaximum() + 1
    line = QgsGeometry.fromWkt("LineString ({0} {1}, {0} {2})".format(x, south, north))
    lines = _layer_of("LineString", [line])
    return _copied(
        layer, secrets_of, lambda: run(layer, "native:splitwithlines", [fid], LINES=lines)
    )


def _copied(
    layer: QgsVectorLayer, secrets_of: edits.SecretsOf, step: Callable[[], None]
) -> List[int]:
    with edits.command(layer, "In place"), edits.fids_added(layer) as added:
        step()
        edits.write_secrets(layer, added, secrets_of)
    return added


@contextmanager
def _in_a_project(layer: QgsVectorLayer) -> Iterator[QgsProject]:
    """Algorithms find their layers in a project; one that is in none is lent to one."""
    project = QgsProject.instance()
    if project.mapLayer(layer.id()) is not None:
        yield project
        return
    project = QgsProject()
    project.addMapLayer(layer, False)
    try:
        yield project
    finally:
        project.takeMapLayer(layer)


def _layer_of(kind: str, geometries: Sequence[QgsGeometry]) -> QgsVectorLayer:
    made = QgsVectorLayer("{}?crs=EPSG:4326".format(kind), kind, "memory")
    for geometry in geometries:
        feature = QgsFeature()
        feature.setGeometry(geometry)
        made.dataProvider().addFeature(feature)
    return made


@functools.lru_cache(maxsize=None)
def _execute_in_place_run() -> Any:
    """The function of the plugin that comes with QGIS, once its algorithms are there."""
    sys.path.append(os.path.join(QgsApplication.pkgDataPath(), "python", "plugins"))
    from processing.core.Processing import Processing
    from processing.gui.AlgorithmExecutor import execute_in_place_run

    Processing.initialize()
    return execute_in_place_run
