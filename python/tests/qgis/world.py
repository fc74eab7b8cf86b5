"""One layer under test, with all that its driver knows about it."""

import gc
import os
import tempfile
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

import tiepoint.qgis
from qgis.core import QgsFeature, QgsProject, QgsVectorLayer

from . import edits, kinds, postgis, session
from .oracle import GONE, Oracle, Thing, Wrong, as_secret

MOST_ROWS = 14


class World:
    """A layer of one kind in the project, tied, with an oracle that watches."""

    def __init__(self, kind: kinds.Kind, rows: int = 6) -> None:
        self.kind = kind
        self.folder = tempfile.mkdtemp(prefix="tiepoint-walk-")
        self.next_secret = rows + 1
        self.oracle = Oracle(kind)
        self.clipboard: List[QgsFeature] = []
        self.filtered = False
        self.source: Optional[kinds.Source] = None
        if kind.provider == "memory":
            self.layer = kinds.make(kind, kinds.rows(rows))
        else:
            self.source = kinds.create(kind, kinds.rows(rows), self.folder)
            self._forbid_bad_names()
            self.layer = self.source.open()
        self.project.addMapLayer(self.layer, False)
        self.ties = self.tie()
        self.check()

    @property
    def project(self) -> QgsProject:
        """The one project."""
        return QgsProject.instance()

    @property
    def in_transaction(self) -> bool:
        """Whether edits go to the database at once."""
        return "Passthrough" in type(self.layer.editBuffer()).__name__

    @property
    def where(self) -> str:
        """What state the layer is in, in a word."""
        if not self.layer.isEditable():
            return "idle"
        return "transaction" if self.in_transaction else "editing"

    def tie(self) -> Any:
        """Ties the layer's rows to things."""
        how: Dict[str, Any] = {"field": kinds.IDENTITY}
        if self.kind.keyed:
            how = {"key": kinds.IDENTITY, "namespace": kinds.NAMESPACE}
        return tiepoint.qgis.tie(self.layer, Thing, factory=Thing, **how)

    def check(self) -> None:
        """Lets everything settle, then asks the oracle."""
        session.settle()
        gone: Set[str] = set(GONE)
        if not self.layer.isEditable():
            gone.discard("deleted")
        if self.filtered:
            gone.add("hidden")
        self.oracle.check(self.layer, self.ties, gone)

    def rows(self) -> Dict[int, int]:
        """The fids by secret."""
        return kinds.fids_by_secret(self.layer)

    def has_twins(self) -> bool:
        """Whether two rows have one secret: QGIS lost what it was told to write into a copy."""
        secrets = [f[kinds.SECRET] for f in self.layer.getFeatures()]
        return len(secrets) != len(set(secrets))

    def is_garbled(self) -> bool:
        """Whether a committed row carries the id of another: ids are restored before each commit."""
        rows = ((f[kinds.SECRET], f[kinds.IDENTITY]) for f in self.layer.getFeatures())
        return any(self.oracle.secret_of_id(text) not in (None, secret) for secret, text in rows)

    def fresh_row(self) -> kinds.Row:
        """A row for a new object, with an id of its own."""
        return self.fresh_row_with(self.kind.text_of(self.next_secret))

    def fresh_row_with(self, object_id: Optional[str]) -> kinds.Row:
        """A row for a new object, with this text in its identity field."""
        secret = self.fresh_secret()
        return kinds.Row(secret, object_id, "name {}".format(secret))

    def fresh_secret(self) -> int:
        """One that no row ever had."""
        self.next_secret += 1
        return self.next_secret - 1

    def secrets_now(self) -> Callable[[List[QgsFeature]], List[int]]:
        """The same for rows of which some may come again just as they are now."""
        now = {self._as_it_is(feature) for feature in self.layer.getFeatures()}

        def secrets_of(copies: List[QgsFeature]) -> List[int]:
            new = [copy for copy in copies if self._as_it_is(copy) not in now]
            told = dict(zip((copy.id() for copy in new), self.secrets_of(new)))
            return [told.get(copy.id(), copy[kinds.SECRET]) for copy in copies]

        return secrets_of

    def _as_it_is(self, feature: QgsFeature) -> Tuple[int, Any, str]:
        return feature.id(), feature[kinds.SECRET], str(feature[kinds.IDENTITY])

    def secrets_of(self, copies: List[QgsFeature]) -> List[int]:
        """Which objects copies stand for: that of the id if no row has it any more, or new ones,
        which get keys of their own where the layer has natural keys."""
        made = {copy.id() for copy in copies}
        rows = [f for f in self.layer.getFeatures() if f.id() not in made]
        alive = {as_secret(f[kinds.SECRET]) for f in rows}
        found = []
        for copy in copies:
            secret = self.oracle.secret_of_id(copy[kinds.IDENTITY])
            if secret is None or secret in alive:
                secret = self.fresh_secret()
                if self.kind.keyed:
                    edits.change(self.layer, copy.id(), kinds.IDENTITY, self.kind.text_of(secret))
            alive.add(secret)
            found.append(secret)
        return found

    def reopened(self, layer: QgsVectorLayer) -> None:
        """Goes on with another layer object: new things, the old ids."""
        self._keep_written_ids(layer)
        self.layer = layer
        self.filtered = bool(layer.subsetString())
        self.oracle.forget_objects()
        self.clipboard = []
        self.ties = self.tie()

    def close(self) -> None:
        """Takes everything down."""
        if self.layer.isEditable():
            self.layer.rollBack()
        self.ties.close()
        self.project.clear()
        self.project.setAutoTransaction(False)
        gc.collect()

    def write_project(self) -> str:
        """Saves the project; its path."""
        path = os.path.join(self.folder, "project.qgs")
        if not self.project.write(path):
            raise Wrong("the project could not be saved")
        return path

    def _keep_written_ids(self, layer: QgsVectorLayer) -> None:
        """Ids that were still owed to their rows do not outlive the session."""
        written = {}
        for feature in layer.getFeatures():
            written[as_secret(feature[kinds.SECRET])] = feature[kinds.IDENTITY]
        for secret in list(self.oracle.ids):
            if self.oracle.secret_of_id(written.get(secret)) != secret:
                self.oracle.forget_id(secret)

    def _forbid_bad_names(self) -> None:
        if self.kind.provider == "postgres" and self.source:
            table = postgis.qualified(self.source.table)
            postgis.execute("alter table {} add check (name <> 'bad')".format(table))
