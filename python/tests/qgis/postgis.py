"""The tables behind PostGIS layers, in a schema of this process's own, dropped at its end."""

import atexit
import os
from typing import List, Optional
from urllib.parse import unquote, urlsplit

from qgis.core import QgsDataSourceUri, QgsProviderRegistry

_KEYS = {
    "postgres-int": "id serial primary key, object_id text",
    "postgres-key": "id serial primary key, object_id text",
    "postgres-uuid": "object_id uuid primary key default gen_random_uuid()",
    "postgres-bigint": "id bigserial primary key, object_id text",
    "postgres-text": "code text primary key default gen_random_uuid()::text, object_id text",
    "postgres-nopk": "object_id text",
}
_KEY_FIELDS = {
    "postgres-int": "id",
    "postgres-key": "id",
    "postgres-uuid": "object_id",
    "postgres-bigint": "id",
    "postgres-text": "code",
    "postgres-nopk": "",
}

_SCHEMA = "qgis_tests_{}".format(os.getpid())
_tables: List[str] = []


def address() -> Optional[str]:
    """The server's URL, such as `postgresql://user:password@host:port/name`, if there is one."""
    return os.environ.get("TIEPOINT_POSTGIS") or None


def create_table(kind: str) -> str:
    """A new, empty table of that kind; its name."""
    if not _tables:
        execute("create schema {}".format(_SCHEMA))
        atexit.register(drop)
    table = "t{}".format(len(_tables) + 1)
    columns = _KEYS[kind] + ", name text, secret integer, geom geometry(MultiPolygon, 4326)"
    _tables.append(table)
    execute("create table {} ({})".format(qualified(table), columns))
    return table


def qualified(table: str) -> str:
    """The table's name for SQL."""
    return "{}.{}".format(_SCHEMA, table)


def url_of(table: str, kind: str, subset: str = "") -> str:
    """How QGIS opens the table."""
    uri = _database()
    uri.setDataSource(_SCHEMA, table, "geom", subset, _KEY_FIELDS[kind])
    uri.setSrid("4326")
    uri.setParam("type", "MultiPolygon")
    uri.setParam("checkPrimaryKeyUnicity", "0")
    return str(uri.uri(False))


def execute(sql: str) -> List[List[object]]:
    """Runs SQL over another connection than the layers', and commits; the rows of its answer."""
    metadata = QgsProviderRegistry.instance().providerMetadata("postgres")
    connection = metadata.createConnection(_database().uri(False), {})
    return list(connection.executeSql("set lock_timeout = '5s'; " + sql))


def _database() -> QgsDataSourceUri:
    url = urlsplit(address() or "")
    uri = QgsDataSourceUri()
    host, port = unquote(url.hostname or "localhost"), str(url.port or 5432)
    if url.hostname and "%2" in url.netloc:
        host = unquote(url.netloc.rsplit("@", 1)[-1].rsplit(":", 1)[0])
    uri.setConnection(
        host, port, url.path.lstrip("/"), unquote(url.username or ""), unquote(url.password or "")
    )
    return uri


def drop() -> None:
    """Drops the tables. Whoever still holds them, such as a layer's idle connection, loses them."""
    if not _tables:
        return
    _tables.clear()
    atexit.unregister(drop)
    execute(
        "select pg_terminate_backend(pid) from pg_locks join pg_class on pg_class.oid = relation"
        " where relnamespace = '{}'::regnamespace and pid <> pg_backend_pid()".format(_SCHEMA)
    )
    execute("drop schema {} cascade".format(_SCHEMA))
