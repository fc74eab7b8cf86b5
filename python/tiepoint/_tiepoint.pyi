"""The native half of tiepoint, in Rust; `tiepoint` is the name to import it by."""

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from types import TracebackType
from typing import Any, Literal, Optional, Union, final
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
