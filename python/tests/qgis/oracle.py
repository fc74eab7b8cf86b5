"""Holds ties to what is true: which object each row stands for, by a field that ties never read."""

import itertools
from typing import Any, Dict, List, Optional, Set

from qgis.core import QgsFeature, QgsVectorLayer
from tiepoint import NotTied

from . import kinds, session

GONE = frozenset({"deleted", "removed"})


class Wrong(AssertionError):
    """An object was lost or crossed, or QGIS did what the driver did not expect."""


class Thing:
    """An object with behaviour behind a row. It knows its secret from the row it was made for."""

    serials = itertools.count(1)

    def __init__(self, feature: QgsFeature) -> None:
        self.secret: Optional[int] = as_secret(feature[kinds.SECRET])
        self.serial = next(self.serials)

    def __repr__(self) -> str:
        return "Thing(secret={}, serial={})".format(self.secret, self.serial)


class Oracle:
    """Knows every object it has ever met, by secret, and the id under which it met it."""

    def __init__(self, kind: kinds.Kind) -> None:
        self.kind = kind
        self.objects: Dict[int, Thing] = {}
        self.ids: Dict[int, str] = {}
        self.known_ids: Dict[str, int] = {}

    def forget_objects(self) -> None:
        """A new session begins: other objects, the same ids."""
        self.objects.clear()

    def forget_id(self, secret: int) -> None:
        """The id was never written where it would have survived."""
        self.known_ids.pop(self.ids.pop(secret, ""), None)

    def secret_of_id(self, text: Any) -> Optional[int]:
        """Whose id this is, however it is written."""
        return self.known_ids.get(self.kind.id_of(text) or "")

    def check(self, layer: QgsVectorLayer, ties: Any, gone: Set[str]) -> None:
        """Every row has its own object, every object its own row, and the others say why not.

        `gone` are the states that an object without a row may be in.
        """
        seen: Dict[int, int] = {}
        rows = list(layer.getFeatures())
        for feature in rows:
            secret = as_secret(feature[kinds.SECRET])
            if secret is None:
                raise Wrong("row {} has no secret".format(feature.id()))
            if secret in seen:
                raise Wrong("the driver gave secret {} to two rows".format(secret))
            seen[secret] = feature.id()
            self._check_row(ties, feature, secret)
        for secret, thing in self.objects.items():
            if secret not in seen:
                self._check_gone(ties, secret, thing, gone)
        self._check_whole(ties, len(rows))

    def _check_row(self, ties: Any, feature: QgsFeature, secret: int) -> None:
        where = "row {} of secret {}".format(feature.id(), secret)
        try:
            thing = ties[feature]
        except NotTied as error:
            raise Wrong("{} is lost: {} ({})".format(where, error, error.reason)) from error
        known = self.objects.setdefault(secret, thing)
        if thing is not known:
            raise Wrong("{} is crossed: it has {} instead of {}".format(where, thing, known))
        if thing.secret != secret:
            raise Wrong("{} is crossed: its object is {}".format(where, thing))
        self._check_id(ties, feature[kinds.IDENTITY], secret, thing, where)
        if ties.get(feature.id()) is not thing or ties.fid(thing) != feature.id():
            raise Wrong("{}: its fid says {}".format(where, ties.fid(thing)))
        back = ties.feature(thing)
        if as_secret(back[kinds.SECRET]) != secret or back.id() != feature.id():
            raise Wrong("{}: its object leads to row {}".format(where, back.id()))
        if not ties.is_current(thing) or thing not in ties:
            raise Wrong("{}: its object is said not to be current".format(where))

    def _check_id(self, ties: Any, text: Any, secret: int, thing: Thing, where: str) -> None:
        object_id = str(ties.object_id(thing))
        if self.kind.keyed:
            # Whoever writes another key gives the object another id.
            self.ids[secret] = self.kind.id_of(text) or ""
            self.known_ids[self.ids[secret]] = secret
        known = self.ids.setdefault(secret, object_id)
        if object_id != known:
            raise Wrong("{}: its id was {}, is {}".format(where, known, object_id))
        if self.known_ids.setdefault(object_id, secret) != secret:
            raise Wrong("{}: its id {} is that of another".format(where, object_id))
        if ties.get(object_id) is not thing:
            raise Wrong("{}: its id leads to {}".format(where, ties.get(object_id)))

    def _check_gone(self, ties: Any, secret: int, thing: Thing, gone: Set[str]) -> None:
        state = ties.state(thing)
        if state not in gone:
            message = "secret {} has no row, and is {} instead of one of {}"
            raise Wrong(message.format(secret, state, sorted(gone)))
        if ties.is_current(thing):
            raise Wrong("secret {} has no row, and is said to be current".format(secret))
        found = ties.get(self.ids[secret])
        if self.kind.keyed and found is not thing:
            return  # its last key may be another's now, or have been before
        if found is not None:
            raise Wrong("secret {} has no row, and is still found".format(secret))
        try:
            ties[self.ids[secret]]
        except NotTied as error:
            if error.reason != state:
                raise Wrong("{} but {}".format(error.reason, state)) from error

    def _check_whole(self, ties: Any, rows: int) -> None:
        if len(ties) != rows:
            raise Wrong("{} ties for {} rows".format(len(ties), rows))
        faults: List[Any] = list(ties.faults)
        if faults or session.raised:
            raised = list(session.raised)
            session.raised.clear()
            raise Wrong("raised: {} {}".format(faults, raised))


def as_secret(value: Any) -> Optional[int]:
    """The secret in a cell, or None."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return None

