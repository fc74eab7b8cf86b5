"""What people do to a layer in QGIS, step for step as its tools do it.

A tool that copies a row copies its identity and its secret too. Which object a copy then stands
for is the driver's to say, so every operation that copies is told the secret of each copy, and
writes it in the same undo step.
"""

from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Optional, Sequence

from qgis.core import (
    NULL,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)

from . import kinds

SecretsOf = Callable[[List[QgsFeature]], List[int]]
"""Which objects the new rows of a step stand for, given what a tool has made of them."""


def as_copied(made: List[QgsFeature]) -> List[int]:
    """Each copy stands for what it was copied from."""
    return [int(feature[kinds.SECRET]) for feature in made]


class Refused(Exception):
    """QGIS, or the store behind it, did not do what it was told."""


@contextmanager
def command(layer: QgsVectorLayer, text: str) -> Iterator[None]:
    """What is done within is one undo step; none at all if it raises."""
    layer.beginEditCommand(text)
    try:
        yield
    except BaseException:
        layer.destroyEditCommand()
        raise
    layer.endEditCommand()


@contextmanager
def fids_added(layer: QgsVectorLayer) -> Iterator[List[int]]:
    """The fids that are added within."""
    fids: List[int] = []
    layer.featureAdded.connect(fids.append)
    try:
        yield fids
    finally:
        layer.featureAdded.disconnect(fids.append)


def field(layer: QgsVectorLayer, name: str) -> int:
    """The index of a field as it is now."""
    return int(layer.fields().lookupField(name))


def read(layer: QgsVectorLayer, fids: Sequence[int]) -> List[QgsFeature]:
    """The rows of these fids, in the order of the fids."""
    found = {f.id(): f for f in layer.getFeatures(QgsFeatureRequest().setFilterFids(list(fids)))}
    for fid in fids:
        if fid not in found:
            raise Refused("row {} was told of and is not there".format(fid))
    return [found[fid] for fid in fids]


def add(layer: QgsVectorLayer, row: kinds.Row) -> Optional[int]:
    """One new row; its fid, or None where the layer refuses."""
    feature = kinds.feature(layer, row)
    return feature.id() if layer.addFeature(feature) else None


def add_many(layer: QgsVectorLayer, rows: Sequence[kinds.Row]) -> List[int]:
    """Several new rows, in one call and as many undo steps."""
    with fids_added(layer) as fids:
        if not layer.addFeatures([kinds.feature(layer, row) for row in rows]):
            raise Refused("rows were not added")
    return fids


def change(layer: QgsVectorLayer, fid: int, name: str, value: Any, old: Any = None) -> bool:
    """One value of one row. `old` is found where it is not given."""
    index = field(layer, name)
    before = read(layer, [fid])[0][index] if old is None else old
    value = NULL if value is None else value
    return bool(layer.changeAttributeValue(fid, index, value, before))


def move(layer: QgsVectorLayer, fid: int, by: float = 0.25) -> bool:
    """Moves a row's geometry."""
    geometry = QgsGeometry(read(layer, [fid])[0].geometry())
    geometry.translate(by, by)
    return bool(layer.changeGeometry(fid, geometry))


def translate(layer: QgsVectorLayer, fids: Sequence[int], by: float = 0.25) -> None:
    """Processing's translate, in place."""
    with command(layer, "Translate"):
        for fid in fids:
            move(layer, fid, by)


def split(layer: QgsVectorLayer, fid: int) -> List[int]:
    """Cuts one row across the middle of its first part; the fids of the new parts. Two undo steps or
    more."""
    box = read(layer, [fid])[0].geometry().asGeometryCollection()[0].boundingBox()
    middle = box.center().x()
    line = [QgsPointXY(middle, box.yMinimum() - 1), QgsPointXY(middle, box.yMaximum() + 1)]
    layer.selectByIds([fid])
    with fids_added(layer) as fids:
        layer.splitFeatures(line, False)
    layer.removeSelection()
    return fids


def split_as_one(layer: QgsVectorLayer, fid: int, secrets_of: SecretsOf) -> List[int]:
    """The same within one edit command, as the split tool does it."""
    with command(layer, "Features split"):
        parts = split(layer, fid)
        write_secrets(layer, parts, secrets_of)
    return parts


def merge_into(layer: QgsVectorLayer, kept: int, merged: int, identity_of_merged: bool) -> None:
    """Merges one row into another, which stays; the user may pick the other's attributes."""
    keeper, victim = read(layer, [kept, merged])
    values = (victim if identity_of_merged else keeper).attributes()
    values[field(layer, kinds.SECRET)] = keeper[kinds.SECRET]
    for key in layer.primaryKeyAttributes():
        values[key] = keeper[key]
    with command(layer, "Merged features"):
        layer.deleteFeature(merged)
        if layer.isSpatial():
            layer.changeGeometry(kept, _united(keeper, victim))
        olds = dict(enumerate(keeper.attributes()))
        layer.changeAttributeValues(kept, dict(enumerate(values)), olds)


def merge_new(
    layer: QgsVectorLayer, first: int, second: int, secrets_of: SecretsOf = as_copied
) -> int:
    """Merges two rows into a new one that takes the first's attributes; its fid."""
    one, other = read(layer, [first, second])
    with command(layer, "Merged features"), fids_added(layer) as fids:
        made = _created(layer, [one])[0]
        if layer.isSpatial():
            made.setGeometry(_united(one, other))
        layer.deleteFeature(first)
        layer.deleteFeature(second)
        layer.addFeature(made)
        write_secrets(layer, fids, secrets_of)
    return _only(fids)


def copy(layer: QgsVectorLayer, fids: Sequence[int]) -> List[QgsFeature]:
    """What the clipboard holds after copying these rows."""
    return read(layer, fids)


def cut(layer: QgsVectorLayer, fids: Sequence[int]) -> List[QgsFeature]:
    """What the clipboard holds after cutting these rows."""
    clipboard = copy(layer, fids)
    with command(layer, "Features cut"):
        for fid in fids:
            layer.deleteFeature(fid)
    return clipboard


def paste(
    layer: QgsVectorLayer, clipboard: Sequence[QgsFeature], secrets_of: SecretsOf = as_copied
) -> List[int]:
    """Pastes; the new fids."""
    with command(layer, "Features pasted"), fids_added(layer) as fids:
        layer.addFeatures(_created(layer, clipboard))
        write_secrets(layer, fids, secrets_of)
    return fids


def duplicate(layer: QgsVectorLayer, fid: int, secrets_of: SecretsOf) -> int:
    """The duplicate-feature action; the new fid."""
    source = read(layer, [fid])[0]
    with command(layer, "Duplicated feature"), fids_added(layer) as fids:
        QgsVectorLayerUtils.duplicateFeature(layer, source, QgsProject.instance(), 0)
        write_secrets(layer, fids, secrets_of)
    return _only(fids)


def to_single_parts(layer: QgsVectorLayer, fid: int, secrets_of: SecretsOf) -> List[int]:
    """Processing's multipart to singleparts, in place: the row dies, its parts are new rows."""
    source = read(layer, [fid])[0]
    parts = source.geometry().asGeometryCollection() or [source.geometry()]
    with command(layer, "Multipart to singleparts"), fids_added(layer) as fids:
        layer.deleteFeature(fid)
        for part in parts:
            made = _created(layer, [source])[0]
            part.convertToMultiType()
            made.setGeometry(part)
            layer.addFeature(made)
        write_secrets(layer, fids, secrets_of)
    return fids


def _only(fids: List[int]) -> int:
    if len(fids) != 1:
        raise Refused("one row was to be added, not {}".format(len(fids)))
    return fids[0]


def write_secrets(layer: QgsVectorLayer, fids: Sequence[int], secrets_of: SecretsOf) -> None:
    """Says in copies which objects they stand for."""
    made = read(layer, list(fids))
    for feature, secret in zip(made, secrets_of(made)):
        if secret != feature[kinds.SECRET]:
            change(layer, feature.id(), kinds.SECRET, secret, feature[kinds.SECRET])


def _created(layer: QgsVectorLayer, sources: Sequence[QgsFeature]) -> List[QgsFeature]:
    """New features with the attributes of these, as pasting makes them: with keys of their own."""
    compatible = QgsVectorLayerUtils.makeFeaturesCompatible(
        list(sources), layer, QgsFeatureSink.RegeneratePrimaryKey
    )
    data = [
        QgsVectorLayerUtils.QgsFeatureData(f.geometry(), dict(enumerate(f.attributes())))
        for f in compatible
    ]
    return list(QgsVectorLayerUtils.createFeatures(layer, data))


def _united(one: QgsFeature, other: QgsFeature) -> QgsGeometry:
    geometry = one.geometry().combine(other.geometry())
    geometry.convertToMultiType()
    return geometry
