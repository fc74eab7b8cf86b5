"""Giving a layer what ties need: a field for ids, ids in it, and a default for new features."""

from typing import Callable, Dict, List, Optional, Union

from qgis.core import QgsDefaultValue, QgsFeatureRequest, QgsVectorDataProvider, QgsVectorLayer
from qgis.PyQt.QtCore import QVariant

import tiepoint

from .kinds import field_index, geopackage, identity_field

#: Whether a layer may be altered, or whom to ask with a sentence about what would be done.
Alter = Union[bool, Callable[[str], bool]]

#: The name of the field that is added.
DEFAULT_FIELD = "object_id"

#: What gives new features ids, in the user's own undo step.
_MINTING = "uuid('WithoutBraces')"

#: How many characters an id takes.
_LENGTH = 36

#: How many rows are written at a time.
_BATCH = 10_000


def settle_field(layer: QgsVectorLayer, field: Optional[str], alter: Alter) -> str:
    """The field that carries ids, made and filled where it may be. What it holds is never lost.

    Raises ``Invalid`` where there is none and none may be added, or what is there is no field for
    ids; ``Unsupported`` where the layer cannot have one; ``Conflict`` while edits are pending.
    """
    name = field or DEFAULT_FIELD
    there = field_index(layer, name) >= 0
    if there:
        _check_type(layer, name)
    if there and not alter:
        _give_default(layer, name)
        return name
    doing = f"fill the field {name!r} of {layer.name()!r} with ids"
    if not there:
        doing = f"add a field {name!r} for ids to {layer.name()!r}"
    if not (alter(doing) if callable(alter) else alter):
        raise tiepoint.Invalid(
            f"the layer {layer.name()!r} has no field {name!r} to carry ids",
            "pass alter=True to add it, field= to name another, or key= for a natural key",
        )
    if layer.isEditable():
        raise tiepoint.Conflict(
            f"the layer {layer.name()!r} is being edited",
            "commit or roll back first: fields and ids are written to the store at once",
        )
    if not (field is None and not there and _tie_file(layer)):
        if not there:
            _add(layer, name)
        missing = _without_ids(layer, name)
        write_ids(layer, field_index(layer, name), {fid: tiepoint.mint() for fid in missing})
    _give_default(layer, name)
    return name


def _tie_file(layer: QgsVectorLayer) -> bool:
    """Has tiepoint tie a GeoPackage's table: fast, and kept by triggers whoever writes."""
    file = geopackage(layer)
    if file is None:
        return False
    path, table = file
    with tiepoint.open(path) as store:
        store.tie(table)
    layer.dataProvider().reloadData()
    layer.updateFields()
    return field_index(layer, DEFAULT_FIELD) >= 0


def _add(layer: QgsVectorLayer, name: str) -> None:
    provider = layer.dataProvider()
    can = provider.capabilities() & QgsVectorDataProvider.AddAttributes
    if not can or not provider.addAttributes([identity_field(layer, name)]):
        raise tiepoint.Unsupported(
            f"the layer {layer.name()!r} cannot have another field: {_why(layer)}",
            "use a natural key: key='…', namespace='…'",
        )
    layer.updateFields()


def _check_type(layer: QgsVectorLayer, name: str) -> None:
    """Refuses a field that ids do not fit into."""
    field = layer.fields().at(field_index(layer, name))
    if field.type() != QVariant.String or 0 < field.length() < _LENGTH:
        held = field.displayType(False)
        raise tiepoint.Invalid(
            f"the field {name!r} of {layer.name()!r} is for {held}, not for ids",
            f"name a field of text for {_LENGTH} characters or more, or none to use one of its own",
        )


def write_ids(layer: QgsVectorLayer, index: int, ids: Dict[int, str]) -> None:
    """Writes ids into rows by their fids, at once in the store."""
    provider, fids = layer.dataProvider(), list(ids)
    can = bool(provider.capabilities() & QgsVectorDataProvider.ChangeAttributeValues)
    for start in range(0, len(fids), _BATCH):
        batch = {fid: {index: ids[fid]} for fid in fids[start : start + _BATCH]}
        if not (can and provider.changeAttributeValues(batch)):
            raise tiepoint.Unsupported(
                f"the rows of {layer.name()!r} cannot be given ids: {_why(layer)}",
                "use a natural key: key='…', namespace='…'",
            )


def _without_ids(layer: QgsVectorLayer, name: str) -> List[int]:
    """The fids of the rows whose field is empty. Raises ``Invalid`` where one says something else."""
    index = field_index(layer, name)
    request = QgsFeatureRequest()
    request.setFlags(QgsFeatureRequest.NoGeometry)
    request.setSubsetOfAttributes([index])
    missing = []
    for row in layer.getFeatures(request):
        value = row[index]
        if not isinstance(value, str) or not value:
            missing.append(row.id())
        elif not tiepoint.is_object_id(value):
            raise tiepoint.Invalid(
                f"the field {name!r} of {layer.name()!r} says {value!r} in row {row.id()}, which is no id",
                "name another field, or empty it there: what it says would be lost",
            )
    return missing


def _why(layer: QgsVectorLayer) -> str:
    errors = layer.dataProvider().errors()
    return str(errors[-1]).strip() if errors else f"its provider, {layer.providerType()}, does not do that"


def _give_default(layer: QgsVectorLayer, name: str) -> None:
    """New features that users draw get their ids at once. A default that is there is left."""
    index = field_index(layer, name)
    if index >= 0 and not layer.defaultValueDefinition(index).isValid():
        layer.setDefaultValueDefinition(index, QgsDefaultValue(_MINTING, False))
