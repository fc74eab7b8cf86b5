"""The ties of a layer: features to objects and back."""

import uuid
from typing import Any, Callable, Iterable, Iterator, Optional

from qgis.core import QgsFeature, QgsFeatureRequest, QgsVectorLayer

import tiepoint

from .._tiepoint import LayerTies, Transition, Verdict
from .altering import Alter, settle_field
from .guard import note
from .kinds import fid_rule, field_index
from .making import Factory, factory_of
from .translator import Translator, said

_NOT_GIVEN: Any = object()

#: The hook that hears of a transition.
_HOOKS = {
    "added": "on_added",
    "changed": "on_changed",
    "deleted": "on_deleted",
    "returned": "on_returned",
    "removed": "on_removed",
    "forked": "on_forked",
    "rewritten": "on_rewritten",
    "hidden": "on_hidden",
    "detached": "on_detached",
    "settled": "on_settled",
}

#: Of these transitions a hook is told even where nobody has asked for the object yet.
_MADE_FOR_HOOKS = ("added", "forked", "returned", "changed", "rewritten")

#: Of this one it is noted whose copy it is, whether there is a hook or not.
_NOTED = "forked"

_tied: "dict[str, Ties]" = {}


def tie(
    layer: QgsVectorLayer,
    cls: Optional[type] = None,
    *,
    field: Optional[str] = None,
    key: Optional[str] = None,
    namespace: Optional[str] = None,
    alter: Alter = False,
    factory: Optional[Factory] = None,
    duplicates: str = "fork",
    rewritten: str = "restore",
    attributes: bool = False,
) -> "Ties":
    """Ties objects to the features of a layer, until the ties are closed or the program ends.

    :param cls: the objects' class: called with a feature if it takes an argument, else with none.
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
    if layer.id() in _tied:
        raise tiepoint.AlreadyExists(
            f"the layer {layer.name()!r} is tied already",
            "take tiepoint.qgis.tied(layer), or close() its ties first",
        )
    make, needs_feature = factory_of(cls, factory)
    if key is not None:
        field = _key_field(layer, key, namespace)
    else:
        field = settle_field(layer, field, alter)
    ties = Ties(layer, field, make, needs_feature, attributes)
    ties._begin(layer, namespace if key is not None else None, duplicates, rewritten)
    _tied[layer.id()] = ties
    return ties


def tied(layer: QgsVectorLayer) -> "Optional[Ties]":
    """The ties of a layer, if it is tied."""
    return _tied.get(layer.id())


def _key_field(layer: QgsVectorLayer, key: str, namespace: Optional[str]) -> str:
    if namespace is None:
        raise tiepoint.Invalid(
            "a natural key needs a namespace",
            f"make up a UUID once for this layer and keep it: namespace='{uuid.uuid4()}'",
        )
    if field_index(layer, key) < 0:
        raise tiepoint.Invalid(
            f"the layer {layer.name()!r} has no field {key!r} of its own",
            "joined and computed fields carry no identity",
        )
    return key


class Ties:
    """The ties of one layer. Made by :func:`tie`.

    Objects of clean features are held weakly: drop them, and they are made anew when asked for.
    What is new, changed, or deleted and not committed is held until that is settled. Objects of
    classes with ``__slots__`` and no ``__weakref__`` are held for ever.

    Hooks are told when QGIS is idle, so they may edit the layer; what they raise is kept in
    ``faults`` and never reaches QGIS:

    ============================ ===================================================================
    ``on_added(object)``         its feature came
    ``on_changed(object)``       its feature says something else
    ``on_deleted(object)``       its feature is deleted; an undo brings both back
    ``on_returned(object)``      it is back: by an undo, a rollback, a paste after a cut
    ``on_removed(object)``       it is gone from the store
    ``on_settled(object)``       nothing is pending for it any more
    ``on_forked(object, copy)``  a copy of its feature got an id and an object of its own
    ``on_rewritten(object, id)`` somebody wrote another id into its feature
    ``on_hidden(object)``        the layer's filter hides its feature
    ``on_detached(object)``      the layer is gone, or shows other data
    ``on_cloned(object, copy)``  makes the object of a copied feature; if not set, the factory does
    ============================ ===================================================================
    """

    on_added: Optional[Callable[[Any], None]] = None
    on_changed: Optional[Callable[[Any], None]] = None
    on_deleted: Optional[Callable[[Any], None]] = None
    on_returned: Optional[Callable[[Any], None]] = None
    on_removed: Optional[Callable[[Any], None]] = None
    on_settled: Optional[Callable[[Any], None]] = None
    on_forked: Optional[Callable[[Any, Any], None]] = None
    on_rewritten: Optional[Callable[[Any, Optional[str]], None]] = None
    on_hidden: Optional[Callable[[Any], None]] = None
    on_detached: Optional[Callable[[Any], None]] = None
    on_cloned: Optional[Callable[[Any, QgsFeature], Any]] = None

    _native: LayerTies
    _object: Callable[[int, Any, QgsFeature], Any]
    _translator: Translator

    def __init__(
        self,
        layer: QgsVectorLayer,
        field: str,
        make: Factory,
        needs_feature: bool,
        attributes: bool,
    ) -> None:
        self._layer_id = layer.id()
        self._field = field
        self._factory = make
        self._needs_feature = needs_feature
        self._attributes = attributes
        # Ids of copies whose objects are not made yet, and of what they are copies.
        self._copies: "dict[str, str]" = {}
        self._untold: "list[Transition]" = []
        self._telling = False

    def _begin(
        self,
        layer: QgsVectorLayer,
        namespace: Optional[str],
        duplicates: str,
        rewritten: str,
    ) -> None:
        self._native = LayerTies(
            self._make,
            fids=fid_rule(layer),
            namespace=namespace,
            duplicates=duplicates,
            rewritten=rewritten,
        )
        self._want()
        self._object = self._native.object
        self._translator = Translator(layer, self._native, self._field, self._hear)
        self._translator.on_idle = self._tell_hooks
        self._translator.on_gone = self._layer_gone
        self._translator.catch_up()

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name.startswith("on_"):
            self._want()

    def _want(self) -> None:
        """Asks for transitions of ties without objects: of as many as somebody is to hear of."""
        hooked = (it for it in _MADE_FOR_HOOKS if getattr(self, _HOOKS[it]) is not None)
        self._native.want([_NOTED, *hooked])

    # Features to objects.

    def __getitem__(self, key: Any) -> Any:
        """The object of a feature, a fid, or an object id (text or ``uuid.UUID``).

        :raises tiepoint.NotTied: a ``KeyError``; its ``reason`` says why there is none.
        """
        translator = self._translator
        if translator.late or translator.stale:
            translator.catch_up()
        if not isinstance(key, QgsFeature):
            return self._native.object_at(self._find(key), None)
        # As `said` does; this is where time counts.
        try:
            carried = key[translator.index]
        except KeyError:
            carried = None
        return self._object(key.id(), carried, key)

    def get(self, key: Any, default: Any = None) -> Any:
        """The same, or something else where there is none."""
        try:
            return self[key]
        except tiepoint.NotTied:
            return default

    def __iter__(self) -> Iterator[Any]:
        """The objects of all features that show, in the layer's order; those that have none yet are
        made."""
        for feature in list(self._layer().getFeatures()):
            found = self.get(feature, _NOT_GIVEN)
            if found is not _NOT_GIVEN:
                yield found

    def __len__(self) -> int:
        """How many features that show are tied."""
        self._translator.catch_up()
        return len(self._native)

    def selected(self) -> "list[Any]":
        """The objects of the selected features."""
        found = (self.get(it, _NOT_GIVEN) for it in self._layer().getSelectedFeatures())
        return [it for it in found if it is not _NOT_GIVEN]

    # Objects to features.

    def __contains__(self, thing: Any) -> bool:
        """Whether there is an object for this feature, fid or id; or whether this is an object whose
        feature shows."""
        if isinstance(thing, (QgsFeature, int, str, uuid.UUID)):
            return self.get(thing, _NOT_GIVEN) is not _NOT_GIVEN
        return self.is_current(thing)

    def feature(self, thing: Any) -> QgsFeature:
        """The feature of an object, as the layer has it now.

        :raises tiepoint.NotTied: if its feature does not show, or it is no object of this layer's.
        """
        tie = self._tie_of(thing)
        for _ in range(2):
            fid = self._native.fid(tie)
            if fid is not None:
                feature = self._translator.feature(fid)
                if feature.isValid() and self._is_of(feature, tie):
                    return feature
            # Somebody moved it unseen.
            self.resync()
        self._native.by_id(self._native.object_id(tie))
        raise tiepoint.NotTied("its feature is not to be found in the layer", "removed")

    def fid(self, thing: Any) -> Optional[int]:
        """What the feature of an object is called now; ``None`` while it does not show."""
        return self._native.fid(self._tie_of(thing))

    def object_id(self, thing: Any) -> str:
        """The id of an object."""
        return self._native.object_id(self._tie_of(thing))

    def is_current(self, thing: Any) -> bool:
        """Whether this is the object of a feature that shows."""
        self._translator.catch_up()
        tie = self._native.tie_of(thing)
        return tie is not None and self._native.fid(tie) is not None

    def state(self, thing: Any) -> str:
        """Where an object, or what is asked for by a feature, fid or id, stands: ``live``,
        ``pending``, ``limbo``, ``deleted``, ``removed``, ``hidden``, ``detached``, ``duplicate`` or
        ``unknown``."""
        self._translator.catch_up()
        tie = self._native.tie_of(thing)
        if tie is None:
            try:
                tie = self._find(thing)
            except tiepoint.NotTied as why:
                return why.reason
            except TypeError:
                return "unknown"
        return self._native.state(tie)

    def select(self, things: Iterable[Any]) -> None:
        """Selects the features of objects, and nothing else."""
        fids = (self.fid(thing) for thing in things)
        self._layer().selectByIds([fid for fid in fids if fid is not None])

    # Ties.

    def tie(self, feature: QgsFeature, thing: Any) -> Any:
        """Ties an object of yours to a feature. One that the feature has already stays, and is
        returned."""
        self._translator.catch_up()
        found = self._native.by_feature(feature.id(), said(feature, self._translator.index))
        return self._adorn(self._native.bind(found, thing), found)

    def untie(self, thing: Any) -> None:
        """Lets go of an object; its feature gets another when it is asked for."""
        tie = self._tie_of(thing)
        self._native.unbind(tie)
        if self._attributes:
            _set(thing, "feature_id", None)

    def untied(self) -> "list[tuple[int, Optional[str]]]":
        """Features without objects: their fids, and whose id they carry, where they are copies."""
        self._translator.catch_up()
        return self._native.strays()

    def resync(self) -> None:
        """Reads all rows again: after somebody else wrote to the layer's data, or to its provider."""
        self._translator.distrust()
        self._translator.catch_up()

    def close(self) -> None:
        """Ends the ties; the layer keeps its ids, and can be tied again."""
        self._translator.detach()
        _tied.pop(self._layer_id, None)

    @property
    def layer(self) -> Optional[QgsVectorLayer]:
        """The layer; ``None`` while it is gone."""
        return self._translator.layer

    @property
    def faults(self) -> "list[Exception]":
        """What hooks and factories raised while nobody could be told, the latest hundred."""
        return self._translator.faults

    # How objects are made.

    def _make(self, feature: Optional[QgsFeature], fid: Optional[int], object_id: str) -> Any:
        original = self._original(object_id)
        clones = original is not None and self.on_cloned is not None
        if feature is None and fid is not None and (clones or self._needs_feature):
            feature = self._translator.feature(fid)
        if clones and self.on_cloned is not None and feature is not None:
            thing = self.on_cloned(original, feature)
        else:
            thing = self._factory(feature)  # type: ignore[arg-type]
        self._copies.pop(object_id, None)
        if self._attributes:
            self._set_attributes(thing, object_id, fid)
        return thing

    def _original(self, object_id: str) -> Any:
        original = self._copies.get(object_id)
        return None if original is None else self.get(original)

    def _adorn(self, thing: Any, tie: int) -> Any:
        if self._attributes:
            self._set_attributes(thing, self._native.object_id(tie), self._native.fid(tie))
        return thing

    def _set_attributes(self, thing: Any, object_id: str, fid: Optional[int]) -> None:
        _set(thing, "object_id", object_id)
        _set(thing, "layer", self._translator.layer)
        _set(thing, "feature_id", fid)

    # What is heard.

    def _hear(self, verdict: Verdict) -> None:
        for transition in verdict.transitions:
            if transition.what == "forked" and transition.other_id is not None:
                self._copies[transition.object_id] = transition.other_id
            if self._attributes and transition.object is not None:
                self._set_attributes(transition.object, transition.object_id, transition.fid)
            hook = _HOOKS.get(transition.what)
            if hook is not None and getattr(self, hook) is not None:
                self._untold.append(transition)

    def _tell_hooks(self) -> None:
        if self._telling:
            return
        self._telling = True
        try:
            untold, self._untold = self._untold, []
            for transition in untold:
                self._tell(transition)
        finally:
            self._telling = False

    def _tell(self, transition: Transition) -> None:
        hook = getattr(self, _HOOKS[transition.what])
        if hook is None:
            return
        try:
            thing = transition.object or self.get(transition.object_id)
            if thing is None:
                return
            if transition.what == "forked":
                hook(self.get(transition.other_id), thing)
            elif transition.what == "rewritten":
                hook(thing, transition.other_id)
            else:
                hook(thing)
        except Exception as fault:
            note(self.faults, fault)

    def _layer_gone(self) -> None:
        for thing in self._native.objects():
            if self._attributes:
                _set(thing, "layer", None)
                _set(thing, "feature_id", None)
            if self.on_detached is not None:
                try:
                    self.on_detached(thing)
                except Exception as fault:
                    note(self.faults, fault)

    # Finding.

    def _find(self, key: Any) -> int:
        if isinstance(key, QgsFeature):
            return self._native.by_feature(key.id(), said(key, self._translator.index))
        if isinstance(key, int) and not isinstance(key, bool):
            return self._by_fid(key)
        if isinstance(key, (str, uuid.UUID)):
            return self._native.by_id(key)
        kind = type(key).__name__
        raise TypeError(f"ties are found by features, fids and object ids, not by {kind}")

    def _by_fid(self, fid: int) -> int:
        """Fids that are not stable are verified: the row may have moved unseen."""
        if fid_rule(self._layer()) == "stable" or fid < 0:
            return self._native.by_fid(fid)
        for found, carried in self._translator.rows([fid]):
            try:
                return self._native.by_feature(found, carried)
            except tiepoint.NotTied:
                self.resync()
        return self._native.by_fid(fid)

    def _tie_of(self, thing: Any) -> int:
        self._translator.catch_up()
        tie = self._native.tie_of(thing)
        if tie is None:
            what = f"this {type(thing).__name__} is no object of a feature of this layer"
            raise tiepoint.NotTied(what, "unknown")
        return tie

    def _is_of(self, feature: QgsFeature, tie: int) -> bool:
        try:
            return self._native.by_feature(feature.id(), said(feature, self._translator.index)) == tie
        except tiepoint.NotTied:
            return False

    def _layer(self) -> QgsVectorLayer:
        layer = self._translator.layer
        if layer is None:
            raise tiepoint.NotTied("the layer is gone", "detached")
        return layer


def _set(thing: Any, name: str, value: Any) -> None:
    try:
        setattr(thing, name, value)
    except AttributeError:
        pass
