"""The native half of tiepoint, in Rust; `tiepoint` is the name to import it by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from types import TracebackType
from typing import Any, Callable, Literal, Optional, Union, final
from uuid import UUID

_Text = Union[str, PathLike[str]]
_Kind = Literal["column", "key"]
_FidRule = Literal["stable", "renumbering", "ephemeral"]
_Mode = Literal["create", "append", "upsert", "replace"]

def open(url: _Text) -> Store:
    """Opens a store that is there: a path ending in ``.gpkg``, a URL such as
    ``postgres://user@host/database`` or ``gpkg:data.db``, or ``memory:``."""

def create(url: _Text) -> Store:
    """Creates an empty store. A database is made by its server, not from here."""

def sqlite_source_id() -> str:
    """The SQLite that is linked, named by the commit it was made from."""

def mint() -> str:
    """A new object id: a UUID, version 7."""

def is_object_id(text: str) -> bool:
    """Whether a text spells an object id, in any common form of a UUID."""

@final
class Store:
    """A place that keeps features in named layers. One serves many threads."""

    @property
    def name(self) -> str:
        """A name fit for messages; never contains a password."""

    @property
    def closed(self) -> bool:
        """Whether it was closed."""

    def layers(self) -> list[Layer]:
        """All layers, sorted by name."""

    def layer(self, name: str) -> Layer:
        """One layer by its exact name."""

    def read(
        self,
        layer: str,
        filter: Optional[str] = None,
        *,
        bbox: Optional[Sequence[float]] = None,
        fields: Optional[Sequence[str]] = None,
        compute: Optional[Mapping[str, str]] = None,
        order: Optional[Union[str, Sequence[str]]] = None,
        limit: Optional[int] = None,
        offset: int = 0,
        crs: Optional[str] = None,
    ) -> Features:
        """The features of a layer that a filter is true of, all from one committed state.

        ``filter`` is CQL2, text or JSON; ``bbox`` is ``(min_x, min_y, max_x, max_y)`` in the layer's
        CRS, x being easting or longitude, and may cross 180 degrees. ``fields`` are the ones to
        fetch, the geometry too only if it is among them; ``compute`` maps new names to CQL2. A sort
        key is a field or CQL2, with a minus before it for large to small. ``crs`` is what
        geometries are fetched in."""

    def count(
        self,
        layer: str,
        filter: Optional[str] = None,
        *,
        bbox: Optional[Sequence[float]] = None,
    ) -> int:
        """How many features of a layer a filter is true of."""

    def load(self, document: _Text, layer: Optional[str] = None, *, mode: _Mode = "create") -> int:
        """Imports a document or store in one transaction; says how many features were written.

        The layer is named for the file where no name is given."""

    def tie(
        self,
        layer: str,
        *,
        column: Optional[str] = None,
        key: Optional[str] = None,
        namespace: Union[str, UUID, None] = None,
        replace_bad_ids: bool = False,
    ) -> TieReport:
        """Gives a layer's features object ids: in a column, or by a natural key.

        Without either, as it is tied already, or in a column ``object_id``. A key's namespace is a
        UUID, a new one where none is given."""

    def untie(self, layer: Optional[str] = None) -> list[str]:
        """Takes away what tying added, from one layer or all; returns their names."""

    def close(self) -> None:
        """Closes it; what is being read is read to its end."""

    def __enter__(self) -> Store: ...
    def __exit__(
        self,
        exc_type: Optional[type[BaseException]],
        exc_value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None: ...
    def __repr__(self) -> str: ...

@final
class Layer:
    """A layer: a named set of features with one schema, as it was when asked for."""

    @property
    def name(self) -> str:
        """Its name within the store."""

    @property
    def title(self) -> Optional[str]:
        """A name for people."""

    @property
    def description(self) -> Optional[str]:
        """A sentence for people."""

    @property
    def fields(self) -> list[Field]:
        """Its fields in the store's order; a column that carries object ids is not among them."""

    @property
    def geometry_kind(self) -> Optional[str]:
        """What may stand in its geometry field: ``Point``, ``Curve``, ``Geometry`` for any, ..."""

    @property
    def crs(self) -> Optional[str]:
        """What its coordinates mean."""

    @property
    def identity(self) -> Optional[_Kind]:
        """How its features carry object ids; None for a layer that is not tied."""

    @property
    def identity_field(self) -> Optional[str]:
        """The column that holds the ids, or the field whose values name the objects."""

    @property
    def namespace(self) -> Optional[str]:
        """The UUID in which a natural key's values are names."""

    @property
    def fid_rule(self) -> _FidRule:
        """How long a fid means the same row: until it is deleted, until the next commit or repack,
        or within one reading."""

    @property
    def fid_name(self) -> Optional[str]:
        """The store's name for the fid, where it is a column."""

    @property
    def read_only(self) -> Optional[str]:
        """Why it cannot be written; None when it can."""

    def __repr__(self) -> str: ...

@final
class Field:
    """A field of a layer."""

    @property
    def name(self) -> str:
        """Its name, exactly as the store spells it."""

    @property
    def type(self) -> str:
        """What it holds: ``integer``, ``text(20)``, ``date``, ``Point XY, EPSG:4326``, ..."""

    @property
    def nullable(self) -> bool:
        """Whether it may hold null."""

    @property
    def unique(self) -> bool:
        """Whether no two features may share a value in it."""

    @property
    def generated(self) -> bool:
        """Whether the store computes it."""

    @property
    def title(self) -> Optional[str]:
        """A name for people."""

    @property
    def description(self) -> Optional[str]:
        """A sentence for people."""

    def __repr__(self) -> str: ...

@final
class Features:
    """Features in the order of a query, read as they are asked for."""

    def __iter__(self) -> Features: ...
    def __next__(self) -> Feature: ...

@final
class Feature:
    """One feature: a mapping from the names of its fields to their values.

    Null is None, a decimal number a ``Decimal``, JSON what ``json.loads`` makes of it, a geometry
    its WKB."""

    @property
    def id(self) -> Optional[str]:
        """The UUID of the object it stands for; None in a layer that is not tied."""

    @property
    def fid(self) -> Union[int, str, None]:
        """What its store calls it today."""

    @property
    def geometry(self) -> Optional[bytes]:
        """Its geometry as WKB (ISO), x being easting or longitude."""

    @property
    def wkt(self) -> Optional[str]:
        """Its geometry as WKT."""

    def keys(self) -> list[str]:
        """The names of its fields."""

    def values(self) -> list[Any]:
        """Its values, in the order of its fields."""

    def items(self) -> list[tuple[str, Any]]:
        """Its fields' names, each with its value."""

    def get(self, field: str, default: Any = None, /) -> Any:
        """The value of a field, or ``default`` where there is no such field."""

    def __getitem__(self, field: str, /) -> Any: ...
    def __len__(self) -> int: ...
    def __contains__(self, field: object, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __repr__(self) -> str: ...

@final
class TieReport:
    """What tying a layer did."""

    @property
    def kept(self) -> int:
        """Features that had a usable id; by a natural key, all."""

    @property
    def minted(self) -> int:
        """Features that had none and were given one."""

    @property
    def replaced(self) -> int:
        """Features whose malformed or shared id was replaced."""

    def __repr__(self) -> str: ...

@final
class LayerTies:
    """The ties of one layer of numbered rows, for who translates the signals of a program: events in,
    verdicts out, objects by features. `tiepoint.qgis` does it for QGIS.

    What identity fields say is told as it is: a UUID in any form, a natural key where there is a
    namespace; null, and what spells no id, is no id. ``INT64_MIN`` is the fid of a feature that was
    never in a layer. Numbers of ties are good until the next event."""

    def __new__(
        cls,
        make: Callable[[Any, Optional[int], str], Any],
        *,
        fids: _FidRule = "stable",
        namespace: Optional[str] = None,
        duplicates: Literal["fork", "report"] = "fork",
        rewritten: Literal["restore", "report"] = "restore",
    ) -> LayerTies:
        """``make(feature or None, fid, object id)`` makes an object."""

    def want(self, kinds: list[str]) -> None:
        """Has transitions of these kinds told even of ties that have no object."""

    def set_fids(self, fids: _FidRule) -> None:
        """Fids are good for longer or shorter from now on."""

    def editing_started(self, passthrough: bool) -> None:
        """Edits are pending from now on; ``passthrough``: they go to the store at once."""

    def added(self, fid: int) -> Optional[Verdict]:
        """A row shows that did not."""

    def deleted(self, fid: int) -> None:
        """A row does not show any more."""

    def changed(self, fid: int) -> None:
        """A row says something else."""

    def identity_written(self, fid: int, value: Any) -> None:
        """Somebody wrote the identity field of a row."""

    def looked(self, asked: list[int], rows: Iterable[tuple[int, Any]]) -> Optional[Verdict]:
        """What the rows that were to be looked at say: those that are there."""

    def done_anew(self) -> None:
        """What the open step does is neither undone nor redone."""

    def step_ended(self, clean: bool) -> Optional[Verdict]:
        """An undo step is complete; ``clean``: nothing is pending any more."""

    def commit_started(self) -> Optional[Verdict]:
        """A commit is about to begin."""

    def committed_removed(self, fids: list[int]) -> None:
        """It took rows out of the store."""

    def committed_added(self, fids: list[int]) -> None:
        """It put rows into the store."""

    def renumbered(self, old: int, new: int) -> Optional[Verdict]:
        """A row is called something else."""

    def commit_ended(self, success: bool, editing: bool) -> Optional[Verdict]:
        """The commit is over; ``editing``: more edits may follow."""

    def rolled_back(self, editing: bool) -> Optional[Verdict]:
        """All that was pending is dropped."""

    def filter_changed(self, filtered: bool) -> Optional[Verdict]:
        """Another part of the layer shows."""

    def fields_changed(self, identity: bool) -> Optional[Verdict]:
        """The layer has other fields; ``identity``: the identity field is among them."""

    def source_changed(self, fids: _FidRule) -> Optional[Verdict]:
        """Other rows are behind the layer."""

    def layer_gone(self) -> Optional[Verdict]:
        """The layer is gone, and with it what was pending."""

    def layer_returned(self) -> Optional[Verdict]:
        """The layer is here again."""

    def resync(
        self, rows: Iterable[tuple[int, Any]], fids: Optional[list[int]] = None
    ) -> Optional[Verdict]:
        """Tells which rows there are, of all or of those asked for, and what they say."""

    def resync_from(self, url: str, layer: str, field: str) -> Optional[Verdict]:
        """The same of all rows, read from a store: several times as fast."""

    def debts(self, before_commit: bool) -> list[tuple[int, str, str]]:
        """Ids to be written: the row's fid, the id, and why: new, fork or rewritten."""

    def strays(self) -> list[tuple[int, Optional[str]]]:
        """Rows without ties, with the id of another that they carry."""

    def object(self, fid: int, value: Any, feature: Any) -> Any:
        """The object of a feature, made where there is none. Raises ``NotTied``."""

    def object_at(self, tie: int, feature: Any) -> Any:
        """The object of a tie, made where there is none."""

    def held(self, tie: int) -> Any:
        """The object of a tie, if there is one."""

    def bind(self, tie: int, object: Any) -> Any:
        """Gives a tie its object; one that is there stays, and is returned."""

    def unbind(self, tie: int) -> Any:
        """Lets go of a tie's object."""

    def by_fid(self, fid: int) -> int:
        """The tie of a row. Raises ``NotTied``."""

    def by_id(self, id: Any) -> int:
        """The tie of an object id. Raises ``NotTied``."""

    def by_feature(self, fid: int, value: Any) -> int:
        """The tie of a feature. Raises ``NotTied``."""

    def tie_of(self, object: Any) -> Optional[int]:
        """The tie of an object."""

    def fid(self, tie: int) -> Optional[int]:
        """What its row is called, while it shows."""

    def object_id(self, tie: int) -> str:
        """Its object's id."""

    def state(self, tie: int) -> str:
        """Where it stands."""

    def is_changed(self, tie: int) -> bool:
        """Whether its row says something that is not committed."""

    def objects(self) -> list[Any]:
        """Every object that is held and alive."""

    def __len__(self) -> int: ...

@final
class Verdict:
    """What followed from an event."""

    @property
    def transitions(self) -> list[Transition]:
        """What became of ties that have objects, and of others as far as that is wanted."""

    @property
    def duplicates(self) -> list[tuple[int, str]]:
        """Rows that were left untied, with the id of another that they carry."""

    @property
    def look(self) -> list[int]:
        """Rows to look at: tell by ``looked``, then end the step once more."""

    @property
    def read(self) -> list[int]:
        """Rows to read again: tell by ``resync``."""

    @property
    def read_all(self) -> bool:
        """Whether all rows are to be read again."""

    @property
    def write(self) -> bool:
        """Whether there are debts."""

@final
class Transition:
    """What became of a tie."""

    @property
    def what(self) -> str:
        """One word."""

    @property
    def tie(self) -> int:
        """Its number."""

    @property
    def object_id(self) -> str:
        """Its object's id."""

    @property
    def fid(self) -> Optional[int]:
        """What its row is called, while it shows."""

    @property
    def object(self) -> Any:
        """Its object, if there is one."""

    @property
    def other_id(self) -> Optional[str]:
        """The id that it is a copy of, that it had before, or that somebody wrote."""
