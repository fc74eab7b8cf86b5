"""The ties of a layer: features to objects and back."""

import uuid
from typing import (
    Any,
    Callable,
    Generic,
    Iterable,
    Iterator,
    Literal,
    Optional,
    TypeVar,
    Union,
    overload,
)

from qgis.core import QgsFeature, QgsVectorLayer

import tiepoint

from .._tiepoint import LayerTies, Verdict
from .hooks import Teller
from .kinds import fid_rule
from .making import Factory, Thing
from .translator import Translator, said

_NOT_GIVEN: Any = object()

#: What a feature is found by.
Key = Union[QgsFeature, int, str, uuid.UUID]

#: What hooks return is dropped.
_Hook = Optional[Callable[[Thing], object]]
_Other = TypeVar("_Other")

_tied: "dict[str, Ties[Any]]" = {}


def tied(layer: QgsVectorLayer) -> "Optional[Ties[Any]]":
    """The ties of a layer, if it is tied."""
    return _tied.get(layer.id())


class Ties(Generic[Thing]):
    """The ties of one layer. Made by :func:`tiepoint.qgis.tie`; ``Ties[Well]`` to a type checker.

    Objects of clean features are held weakly: drop them, and they are made anew when asked for,
    without what no field says. What is new, changed, or deleted and not committed is held until that
    is settled. Objects of classes with ``__slots__`` and no ``__weakref__`` are held for ever.

    Hooks are told when QGIS is idle, so they may edit the layer; ``on_detached`` and ``on_cloned`` are
    called at once. What they raise is kept in ``faults`` and never reaches QGIS. For what came, changed
    or came back objects are made that nobody had asked for; of what is gone only those are told that
    somebody holds, for nothing is left to make them of: keep ``list(ties)`` to hear of all.

    ============================ ===================================================================
    ``on_added(object)``         its feature came
    ``on_changed(object)``       its feature was edited; what others write is not compared
    ``on_deleted(object)``       its feature is deleted; an undo brings both back
    ``on_returned(object)``      it is back: by an undo, a rollback, a paste after a cut
    ``on_removed(object)``       it is gone from the store
    ``on_settled(object)``       nothing is pending for it any more
    ``on_forked(object, copy)``  a copy of its feature has an id and an object of its own, ``copy``
    ``on_rewritten(object, id)`` somebody wrote another id into its feature; ``None`` is no id at all
    ``on_rekeyed(object, id)``   its natural key was edited: it has another id, and had this one; or the
                                 store gave its feature another than it was to have
    ``on_hidden(object)``        the layer's filter hides its feature
    ``on_detached(object)``      the layer is gone, or shows other data
    ``on_cloned(object, copy)``  makes and returns the object of ``copy``, a feature that was copied;
                                 if not set, ``cls`` or ``factory`` makes it
    ============================ ===================================================================
    """

    on_added: _Hook[Thing] = None
    on_changed: _Hook[Thing] = None
    on_deleted: _Hook[Thing] = None
    on_returned: _Hook[Thing] = None
    on_removed: _Hook[Thing] = None
    on_settled: _Hook[Thing] = None
    on_forked: Optional[Callable[[Thing, Thing], object]] = None
    on_rewritten: Optional[Callable[[Thing, Optional[str]], object]] = None
    on_rekeyed: Optional[Callable[[Thing, str], object]] = None
    on_hidden: _Hook[Thing] = None
    on_detached: _Hook[Thing] = None
    on_cloned: Optional[Callable[[Thing, QgsFeature], Thing]] = None

    _translator: Translator

    def __init__(
        self,
        layer: QgsVectorLayer,
        make: Factory[Thing],
        needs_feature: bool,
        attributes: bool,
        namespace: Optional[str],
        duplicates: Literal["fork", "report"],
        rewritten: Literal["restore", "report"],
    ) -> None:
        self._layer_id = layer.id()
        self._keyed = namespace is not None
        self._factory = make
        self._needs_feature = needs_feature
        self._attributes = attributes
        # Ids of copies whose objects are not made yet, and of what they are copies.
        self._copies: "dict[str, str]" = {}
        self._native = LayerTies(
            self._make,
            fids=fid_rule(layer),
            namespace=namespace,
            duplicates=duplicates,
            rewritten=rewritten,
        )
        self._object: Callable[[int, Any, QgsFeature], Thing] = self._native.object
        self._teller = Teller(self, self._native)
        self._native.want(self._teller.wanted())

    def _begin(self, layer: QgsVectorLayer, field: str) -> None:
        self._translator = Translator(layer, self._native, field, self._hear)
        self._translator.on_idle = self._teller.tell
        self._translator.on_gone = self._layer_gone
        self._translator.catch_up()
        _tied[self._layer_id] = self

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name.startswith("on_"):
            self._native.want(self._teller.wanted())

    # Features to objects.

    def __getitem__(self, key: Key) -> Thing:
        """The object of a feature, a fid, or an object id (text or ``uuid.UUID``).

        :raises tiepoint.NotTied: a ``KeyError``; its ``reason`` says why there is none.
        """
        translator = self._translator
        if translator.late or translator.stale:
            translator.catch_up()
        if not isinstance(key, QgsFeature):
            found: Thing = self._native.object_at(self._find(key), None)
            return found
        # As `said` does; this is where time counts.
        try:
            carried = key[translator.index]
        except KeyError:
            carried = None
        try:
            return self._object(key.id(), carried, key)
        except tiepoint.NotTied as why:
            why.hint = why.hint or self._hint(key)
            raise

    @overload
    def get(self, key: Key) -> Optional[Thing]: ...

    @overload
    def get(self, key: Key, default: _Other) -> Union[Thing, _Other]: ...

    def get(self, key: Key, default: Any = None) -> Any:
        """The same, or something else where there is none."""
        try:
            return self[key]
        except tiepoint.NotTied:
            return default

    def __iter__(self) -> Iterator[Thing]:
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

    def __bool__(self) -> bool:
        """There are ties, also of a layer without features: ``tied(layer) or tie(layer, Well)``."""
        return True

    def __repr__(self) -> str:
        layer = self._translator.layer
        return f"<Ties of {layer.name()!r}>" if layer is not None else "<Ties, detached>"

    def selected(self) -> "list[Thing]":
        """The objects of the selected features."""
        found = (self.get(it, _NOT_GIVEN) for it in self._layer().getSelectedFeatures())
        return [it for it in found if it is not _NOT_GIVEN]

    # Objects to features.

    def __contains__(self, thing: object) -> bool:
        """Whether there is an object for this feature, fid or id; or whether this is an object whose
        feature shows."""
        if not isinstance(thing, (QgsFeature, int, str, uuid.UUID)):
            return self.is_current(thing)
        self._translator.catch_up()
        try:
            self._find(thing)
        except (tiepoint.NotTied, tiepoint.Invalid, TypeError):
            return False
        return True

    def feature(self, thing: Thing) -> QgsFeature:
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

    def fid(self, thing: Thing) -> Optional[int]:
        """What the feature of an object is called now; ``None`` while it does not show."""
        return self._native.fid(self._tie_of(thing))

    def object_id(self, thing: Thing) -> str:
        """The id of an object."""
        return self._native.object_id(self._tie_of(thing))

    def is_current(self, thing: object) -> bool:
        """Whether this is the object of a feature that shows."""
        self._translator.catch_up()
        tie = self._native.tie_of(thing)
        return tie is not None and self._native.fid(tie) is not None

    def state(self, thing: Union[Thing, Key]) -> str:
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
            except (tiepoint.Invalid, TypeError):
                return "unknown"
        return self._native.state(tie)

    def select(self, things: Iterable[Thing]) -> None:
        """Selects the features of objects, and nothing else."""
        fids = (self.fid(thing) for thing in things)
        self._layer().selectByIds([fid for fid in fids if fid is not None])

    # Ties.

    def tie(self, key: Key, thing: Thing) -> Thing:
        """Ties an object of yours to a feature, or what finds it. One that the feature has already
        stays, and is returned.

        :raises tiepoint.AlreadyExists: if it is the object of another feature.
        """
        self._translator.catch_up()
        found = self._find(key)
        if self._native.tie_of(thing) != found:
            self._free(thing)
        return self._adorn(self._native.bind(found, thing), found)

    def untie(self, thing: Thing) -> None:
        """Lets go of an object; its feature gets another when it is asked for."""
        tie = self._tie_of(thing)
        self._native.unbind(tie)
        if self._attributes:
            _set(thing, "feature_id", None)

    def untied(self) -> "list[tuple[int, Optional[str]]]":
        """Features without objects: their fids, and whose id they carry, where they are copies."""
        self._translator.catch_up()
        return self._native.strays()

    def adopt(self) -> int:
        """Gives the :meth:`untied` features ids of their own, and so objects: what others added
        without ids, or copied. In an undo step where the layer is edited, else at once in the store.
        Returns how many there were.

        :raises tiepoint.Unsupported: if ids are made of a natural key, or the layer takes none.
        :raises tiepoint.Invalid: while the field for ids is gone.
        """
        if self._keyed:
            raise tiepoint.Unsupported(
                "a natural key is not written", "edit the field so that each feature has its own"
            )
        self._translator.catch_up()
        return self._translator.writer.adopt(self._layer())

    def resync(self) -> None:
        """Reads all rows again: after somebody else wrote to the layer's data, or to its provider."""
        self._translator.distrust()
        self._translator.catch_up()

    def close(self) -> None:
        """Ends the ties; the layer keeps its ids, and can be tied again."""
        if _tied.get(self._layer_id) is not self:
            return
        self._translator.detach()
        self._native.layer_gone()
        self._let_go()
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

    def _make(self, feature: Optional[QgsFeature], fid: Optional[int], object_id: str) -> Thing:
        original, clone = self._original(object_id), self.on_cloned
        clones = original is not None and clone is not None
        if feature is None and fid is not None and (clones or self._needs_feature):
            feature = self._translator.feature(fid)
        if original is not None and clone is not None and feature is not None:
            thing = clone(original, feature)
        else:
            thing = self._factory(feature)
        self._free(thing)
        self._copies.pop(object_id, None)
        if self._attributes:
            self._set_attributes(thing, object_id, fid)
        return thing

    def _free(self, thing: Thing) -> None:
        """An object stands behind one feature: one whose feature is gone for good may have another."""
        if thing is None:
            raise tiepoint.Invalid("None is no object", "return one from factory= and on_cloned")
        tie = self._native.tie_of(thing)
        if tie is None:
            return
        if self._native.state(tie) in ("removed", "detached"):
            self._native.unbind(tie)
            return
        other = self._native.object_id(tie)
        raise tiepoint.AlreadyExists(
            f"this {type(thing).__name__} is the object of another feature, whose id is {other}",
            "make one for each feature, or untie() it first",
        )

    def _original(self, object_id: str) -> Optional[Thing]:
        original = self._copies.get(object_id)
        return None if original is None else self.get(original)

    def _adorn(self, thing: Thing, tie: int) -> Thing:
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
            self._teller.heard(transition)

    def _layer_gone(self) -> None:
        self._let_go()
        for thing in self._native.objects():
            self._teller.tell_detached(thing)

    def _let_go(self) -> None:
        """Objects know no layer any more."""
        for thing in self._native.objects() if self._attributes else []:
            _set(thing, "layer", None)
            _set(thing, "feature_id", None)

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

    def _hint(self, feature: QgsFeature) -> Optional[str]:
        """What to do where a feature is not found that is there."""
        translator = self._translator
        if translator.index < 0 or isinstance(said(feature, translator.index), (str, int)):
            return None
        try:
            self._native.by_fid(feature.id())
        except tiepoint.NotTied:
            return None
        return f"read features with their field {translator.field!r}, which carries the id"

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
            raise tiepoint.NotTied("the layer is gone, or its ties are closed", "detached")
        return layer


def _set(thing: Any, name: str, value: Any) -> None:
    try:
        setattr(thing, name, value)
    except AttributeError:
        pass
