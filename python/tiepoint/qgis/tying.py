"""Tying a layer: what is asked for is checked before anything is altered."""

import uuid
from typing import Literal, Optional, Type, Union

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QVariant

import tiepoint

from .altering import Alter, settle_field
from .kinds import field_index
from .making import Factory, Thing, factory_of
from .ties import Ties, tied

#: What natural keys are.
_KEY_TYPES = (
    QVariant.String,
    QVariant.Int,
    QVariant.UInt,
    QVariant.LongLong,
    QVariant.ULongLong,
)


def tie(
    layer: QgsVectorLayer,
    cls: Optional[Type[Thing]] = None,
    *,
    field: Optional[str] = None,
    key: Optional[str] = None,
    namespace: Union[str, uuid.UUID, None] = None,
    alter: Alter = False,
    factory: Optional[Factory[Thing]] = None,
    duplicates: Literal["fork", "report"] = "fork",
    rewritten: Literal["restore", "report"] = "restore",
    attributes: bool = False,
) -> Ties[Thing]:
    """Ties objects to the features of a layer, until the ties are closed or the program ends.

    :param cls: the objects' class: called with a feature if it takes an argument that is not annotated
        as anything else, else with none.
    :param field: the field that carries ids, UUIDs as text; ``object_id`` if not said.
    :param key: for a layer that must not be altered: a field of text or whole numbers whose values
        name the objects, with ``namespace``, a UUID that you made up once for this layer. Nothing
        is ever written then.
    :param alter: whether a missing field may be added and missing ids filled in, at once and in the
        store; or a function that is asked with a sentence.
    :param factory: ``factory(feature)`` makes an object, instead of ``cls``.
    :param duplicates: what becomes of copies, which carry another feature's id: ``fork`` gives them
        ids and objects of their own, ``report`` leaves them untied.
    :param rewritten: what becomes of an id that somebody overwrote: ``restore`` writes it again,
        ``report`` leaves it. The tie is kept either way.
    :param attributes: whether objects carry ``object_id``, ``layer`` and ``feature_id``, kept true.
    :raises tiepoint.AlreadyExists: if the layer is tied; ``close()`` its ties first.
    :raises tiepoint.Invalid: if it has no such field, or not all that is needed was said.
    """
    if not isinstance(layer, QgsVectorLayer) or not layer.isValid():
        raise tiepoint.Invalid("only a valid vector layer can be tied")
    if tied(layer) is not None:
        raise tiepoint.AlreadyExists(
            f"the layer {layer.name()!r} is tied already",
            "take tiepoint.qgis.tied(layer), or close() its ties first",
        )
    if key is not None and field is not None:
        raise tiepoint.Invalid("ids come from a field or from a key", "give field= or key=, not both")
    if key is None and namespace is not None:
        raise tiepoint.Invalid("a namespace is for a natural key", "name its field, too: key='…'")
    if key is not None and namespace is None:
        raise tiepoint.Invalid(
            "a natural key needs a namespace",
            f"make up a UUID once for this layer and keep it: namespace='{uuid.uuid4()}'",
        )
    make, needs_feature = factory_of(cls, factory)
    space = None if namespace is None else str(namespace)
    ties = Ties(layer, make, needs_feature, attributes, space, duplicates, rewritten)
    carrier = settle_field(layer, field, alter) if key is None else _key_field(layer, key)
    ties._begin(layer, carrier)
    return ties


def _key_field(layer: QgsVectorLayer, key: str) -> str:
    index = field_index(layer, key)
    if index < 0:
        raise tiepoint.Invalid(
            f"the layer {layer.name()!r} has no field {key!r} of its own",
            "joined and computed fields carry no identity",
        )
    field = layer.fields().at(index)
    if field.type() not in _KEY_TYPES:
        raise tiepoint.Invalid(
            f"the field {key!r} of {layer.name()!r} is for {field.displayType(False)}",
            "natural keys are text or whole numbers",
        )
    return key
