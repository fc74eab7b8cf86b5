"""Tells a layer's signals to the tracker of its ties, and does what that asks for.

Nothing is judged here: a signal becomes an event, and a request a reading or a writing. No layer is
edited from inside a signal, but for ids that are owed, just before a commit; all else waits until
QGIS is idle, or until somebody asks for an object.
"""

from typing import Any, Callable, Iterator, Optional

from qgis.core import QgsFeature, QgsFeatureRequest, QgsFields, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QTimer

import tiepoint

from .._tiepoint import LayerTies, Verdict
from .guard import guarded
from .history import History
from .kinds import fid_rule, field_index, geopackage, in_transaction, primary_key
from .writing import Writer

Tell = Callable[[Verdict], None]


def said(feature: QgsFeature, index: int) -> Any:
    """What a field of a feature says; ``None`` where it was not read, or there is none."""
    try:
        return feature[index]
    except KeyError:
        return None


class Translator:
    """Stands between one layer and its ties."""

    def __init__(self, layer: QgsVectorLayer, native: LayerTies, field: str, tell: Tell) -> None:
        self.native = native
        self.field = field
        self.faults: "list[Exception]" = []
        self.layer: Optional[QgsVectorLayer] = None
        self.layer_id = layer.id()
        self.on_idle: Callable[[], None] = lambda: None
        self.on_gone: Callable[[], None] = lambda: None
        self._tell = tell
        # The index of the identity field; negative while the layer has none.
        self.index = -1
        # Whether rows that came are still to be looked at; nothing but more of them came since.
        self.late = False
        # Whether all rows are still to be read again.
        self.stale = False
        self._scheduled = False
        # Whether ids could not be written when QGIS was idle, so that it is to be tried again.
        self._put_off = False
        self._in_command = self._in_transaction = False
        self._commit_open = self._commit_told = self._stopping = False
        self._rolling_back = False
        self._buffer: Any = None
        # Where the identity field was before the layer had none.
        self._renamed_from = -1
        self._connected: "list[tuple[Any, Any]]" = []
        self.writer = Writer(self)
        self._history = History(layer.undoStack())
        QgsProject.instance().layerWasAdded.connect(self._layer_added)
        self.attach(layer)

    # The layer, and the signals of it.

    def attach(self, layer: QgsVectorLayer) -> None:
        """Listens to a layer from now on; its rows are read when they are asked for."""
        self.layer = layer
        self.index = field_index(layer, self.field)
        for name, slot in self._slots().items():
            signal = getattr(layer, name)
            signal.connect(slot)
            self._connected.append((signal, slot))
        steps = layer.undoStack().indexChanged
        steps.connect(self._step_ended)
        self._connected.append((steps, self._step_ended))
        # All rows are read below, which is what these ask for.
        self.native.filter_changed(bool(layer.subsetString()))
        self.native.fields_changed(self.index >= 0)
        self.stale = True
        if layer.isEditable():
            self._begin_session(layer)

    def detach(self) -> None:
        """Listens no more."""
        for signal, slot in self._connected:
            try:
                signal.disconnect(slot)
            except (TypeError, RuntimeError):
                pass
        self._connected.clear()
        self.layer = None
        try:
            QgsProject.instance().layerWasAdded.disconnect(self._layer_added)
        except (TypeError, RuntimeError):
            pass

    def _slots(self) -> "dict[str, Callable[..., None]]":
        return {
            "editingStarted": self._editing_started,
            "editingStopped": self._editing_stopped,
            "featureAdded": self._feature_added,
            "featureDeleted": self._feature_deleted,
            "attributeValueChanged": self._attribute_changed,
            "geometryChanged": self._geometry_changed,
            "editCommandStarted": self._command_started,
            "editCommandEnded": self._command_ended,
            "editCommandDestroyed": self._command_ended,
            "beforeCommitChanges": self._commit_started,
            "committedFeaturesRemoved": self._committed_removed,
            "committedFeaturesAdded": self._committed_added,
            "committedAttributeValuesChanges": self._committed_values,
            "afterCommitChanges": self._commit_ended,
            "repaintRequested": self._repaint_requested,
            "beforeRollBack": self._rollback_started,
            "updatedFields": self._fields_updated,
            "dataChanged": self.distrust,
            "subsetStringChanged": self._filter_changed,
            "dataSourceChanged": self._source_changed,
            "willBeDeleted": self._layer_gone,
        }

    @guarded
    def _layer_added(self, layer: Any) -> None:
        is_it = self.layer is None and isinstance(layer, QgsVectorLayer)
        if is_it and layer.id() == self.layer_id and layer.isValid():
            self.native.layer_returned()
            self.attach(layer)
            self._schedule()

    @guarded
    def _layer_gone(self) -> None:
        self.layer = None
        self._connected.clear()
        self.late = self.stale = False
        self._commit_open = self._commit_told = self._rolling_back = self._in_command = False
        self.native.layer_gone()
        self.on_gone()

    # Edits.

    @guarded
    def _editing_started(self) -> None:
        self.catch_up()
        self._begin_session(self._here())

    def _begin_session(self, layer: QgsVectorLayer) -> None:
        self.native.set_fids(fid_rule(layer))
        self._in_transaction = in_transaction(layer)
        self._history = History(layer.undoStack())
        self.native.editing_started(self._in_transaction)
        buffer = layer.editBuffer()
        if buffer is not None and buffer is not self._buffer:
            self._buffer = buffer
            buffer.attributeRenamed.connect(self._attribute_renamed)

    # All rows are read, where that is due, when what just happened to a row has been told: the rows
    # that are read know of it.

    @guarded
    def _feature_added(self, fid: int) -> None:
        if self.stale:
            self._look_at_latecomers()
        self._follow(self.native.added(fid), at_once=False)
        self._read_if_stale()

    @guarded
    def _feature_deleted(self, fid: int) -> None:
        self._look_at_latecomers()
        self.native.deleted(fid)
        self._read_if_stale()

    @guarded
    def _attribute_changed(self, fid: int, index: int, value: Any) -> None:
        if index == self.index:
            self._look_at_latecomers()
            self.native.identity_written(fid, value)
            self._read_if_stale()
        else:
            self.native.changed(fid)

    @guarded
    def _geometry_changed(self, fid: int, _geometry: Any) -> None:
        self.native.changed(fid)

    @guarded
    def _command_started(self, _text: str) -> None:
        # What a command does is judged as a whole, and apart from what was before it.
        self.catch_up()
        self._in_command = True

    @guarded
    def _command_ended(self) -> None:
        self._in_command = False

    @guarded
    def _step_ended(self, index: int) -> None:
        if self.layer is not None and not (self._commit_told or self.late):
            if self._in_transaction and self._history.is_new(self._here().undoStack(), index):
                self.native.done_anew()
            verdict = self.native.step_ended(index == 0)
            # In a transaction fids may be given again, so nothing may come between; and asking the
            # layer is cheap: nothing is pending in it.
            at_once = self._rolling_back or self._in_transaction
            self._follow(verdict, at_once=at_once)
            if self._put_off:
                self._schedule()

    # Commits and rollbacks.

    @guarded
    def _commit_started(self, stop: bool = True) -> None:
        self.catch_up()
        self._stopping, self._commit_open = bool(stop), True
        self._follow(self.native.commit_started(), at_once=True)
        self.writer.write(before_commit=True)

    @guarded
    def _committed_removed(self, _layer: str, fids: Any) -> None:
        self._commit_told = True
        self.native.committed_removed(list(fids))

    @guarded
    def _committed_added(self, _layer: str, features: Any) -> None:
        self._commit_told = True
        self.native.committed_added([feature.id() for feature in features])

    @guarded
    def _committed_values(self, _layer: str, changes: Any) -> None:
        key = primary_key(self._here())
        for fid, values in changes.items():
            if key is not None and key in values:
                self._commit_told = True
                self._follow(self.native.renumbered(fid, int(values[key])), at_once=True)

    @guarded
    def _commit_ended(self) -> None:
        self._end_commit(success=True)

    @guarded
    def _repaint_requested(self, *_deferred: bool) -> None:
        # The last thing that a commit does, and the only sign of one that failed half-way.
        if self._commit_told:
            self._end_commit(success=False)

    def _end_commit(self, success: bool) -> None:
        editing = not (success and self._stopping)
        self._commit_open = self._commit_told = False
        self._follow(self.native.commit_ended(success, editing), at_once=True)

    @guarded
    def _rollback_started(self) -> None:
        self.catch_up()
        self._rolling_back = True

    @guarded
    def _editing_stopped(self) -> None:
        if self._rolling_back:
            self._rolling_back = self._in_command = False
            verdict = self.native.rolled_back(self._here().isEditable())
            self._follow(verdict, at_once=True)
        if not self._here().isEditable():
            self.native.set_fids(fid_rule(self._here()))

    # What else may happen.

    @guarded
    def _attribute_renamed(self, index: int, name: str) -> None:
        if index == (self.index if self.index >= 0 else self._renamed_from):
            self.field = name
            self._fields_updated()

    @guarded
    def _fields_updated(self) -> None:
        index = field_index(self._here(), self.field)
        comes, goes = self.index < 0 <= index, index < 0 <= self.index
        if comes:
            self.catch_up()
        if comes or goes:
            self._renamed_from = self.index
        self.index = index
        self._follow(self.native.fields_changed(index >= 0), at_once=True)
        if goes:
            # What rows say that came before can be read no more: they are who their fids say.
            self.catch_up()

    @guarded
    def _filter_changed(self) -> None:
        filtered = bool(self._here().subsetString())
        self._follow(self.native.filter_changed(filtered), at_once=False)

    @guarded
    def _source_changed(self) -> None:
        layer = self._here()
        self.index = field_index(layer, self.field)
        self.late = False
        self._follow(self.native.source_changed(fid_rule(layer)), at_once=False)

    def distrust(self) -> None:
        """Anything may have happened: all rows are read again."""
        self.stale = True
        self._schedule()

    # What the tracker asks for.

    def _follow(self, verdict: Optional[Verdict], at_once: bool) -> None:
        if verdict is None:
            return
        self._tell(verdict)
        if verdict.look:
            if at_once:
                self._look(verdict.look)
            else:
                self.late = True
                self._schedule()
        if verdict.read_all:
            self.distrust()
        elif verdict.read:
            rows = list(self.rows(verdict.read))
            self._follow(self.native.resync(rows, verdict.read), at_once=True)
        if verdict.write or verdict.transitions:
            self._schedule()

    def _look(self, fids: "list[int]") -> None:
        self._follow(self.native.looked(fids, list(self.rows(fids))), at_once=True)
        self._follow(self.native.step_ended(False), at_once=True)

    def catch_up(self) -> None:
        """Reads what is still to be read. Call before anything is asked, or told that is more than
        another row that came."""
        self._look_at_latecomers()
        self._read_if_stale()

    def _look_at_latecomers(self) -> None:
        if self.late:
            self.late = False
            self._follow(self.native.step_ended(False), at_once=True)

    def _read_if_stale(self) -> None:
        in_flux = self._commit_told or self._rolling_back
        if self.stale and not in_flux and self.layer is not None:
            self.stale = False
            self._follow(self._read_all(self.layer), at_once=True)

    def _read_all(self, layer: QgsVectorLayer) -> Optional[Verdict]:
        file = geopackage(layer)
        if file is not None and self.index >= 0:
            return self.native.resync_from(*file, self.field)
        return self.native.resync(self.rows(None))

    def rows(self, fids: "Optional[list[int]]") -> "Iterator[tuple[int, Any]]":
        """What these rows, or all, are called, and what their identity fields say."""
        layer, index = self._here(), self.index
        request = QgsFeatureRequest()
        request.setFlags(QgsFeatureRequest.NoGeometry)
        request.setSubsetOfAttributes([index] if index >= 0 else [])
        if fids is not None:
            request.setFilterFids(fids)
        features = (feature for feature in layer.getFeatures(request) if feature.isValid())
        return ((feature.id(), said(feature, index)) for feature in features)

    def feature(self, fid: int) -> QgsFeature:
        """A feature as the layer has it now; an invalid one where there is none."""
        layer = self._here()
        source = layer.dataProvider() if self._is_as_stored(layer, fid) else layer
        for feature in source.getFeatures(QgsFeatureRequest(fid)):
            return feature
        return QgsFeature()

    def _is_as_stored(self, layer: QgsVectorLayer, fid: int) -> bool:
        """Whether the provider says all there is to say of a row. While edits are pending, asking
        the layer takes as long as all of them."""
        if not layer.isEditable() or fid < 0:
            return False
        try:
            tie = self.native.by_fid(fid)
        except tiepoint.NotTied:
            return False
        fields = layer.fields()
        provided = layer.dataProvider().fields().count() == fields.count() and all(
            fields.fieldOrigin(i) == QgsFields.OriginProvider for i in range(fields.count())
        )
        return provided and not self.native.is_changed(tie)

    @property
    def may_write(self) -> bool:
        """Whether the layer may be edited by us now: nobody is in the middle of anything."""
        layer = self.layer
        if layer is None or not layer.isEditable() or self._in_command or self._commit_open:
            return False
        return not layer.undoStack().canRedo()

    @property
    def in_command(self) -> bool:
        """Whether somebody's edit command is open."""
        return self._in_command

    def _here(self) -> QgsVectorLayer:
        assert self.layer is not None, "signals come from layers that are there"
        return self.layer

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            QTimer.singleShot(0, self._idle)

    @guarded
    def _idle(self) -> None:
        self._scheduled = False
        # A commit is over by the time that QGIS is idle; one that was refused does not say so.
        self._commit_open = False
        if self._commit_told:
            self._end_commit(success=False)
        if self.layer is not None:
            self.catch_up()
            self._put_off = not self.may_write
            if not self._put_off:
                self.writer.write(before_commit=False)
        self.on_idle()
