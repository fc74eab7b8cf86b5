"""Reads change sets with Google's protobuf by the published schema, compares what they say with the
JSON form, and writes them again. One set a line: protobuf in hex, a tab, JSON; back comes hex."""
import json
import math
import struct
import sys

from tiepoint.change_pb2 import Change, ChangeSet

TAGS = {"decimal": "decimal", "date": "date", "time": "time", "date_time": "datetime"}


def uuid(raw):
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def matches(value, told):
    """Whether a Value says what stands in the JSON form."""
    kind = value.WhichOneof("kind")
    it = getattr(value, kind)
    if kind == "null":
        return it and told is None
    if kind in ("boolean", "integer", "text"):
        return type(it) is type(told) and it == told
    if kind == "real":
        if math.isfinite(it):
            return type(told) is float and struct.pack("d", it) == struct.pack("d", told)
        return told["real"].split()[0].lower() == str(it)
    if kind in TAGS:
        return told == {TAGS[kind]: it}
    if kind == "json":
        return told == {"json": json.loads(it)}
    if kind == "uuid":
        return told == {"uuid": uuid(it)}
    if kind == "bytes":
        import base64
        return base64.b64decode(told["bytes"], validate=True) == it
    if kind == "geometry":
        return it[0] == 1 and list(told) in (["geometry"], ["wkb"])
    raise ValueError(kind)


def target(change):
    kind = change.WhichOneof("target")
    return uuid(change.id) if kind == "id" else {"row": getattr(change, kind)}


def check_change(change, told, fields):
    name = {Change.KIND_INSERT: "insert", Change.KIND_UPDATE: "update", Change.KIND_DELETE: "delete"}[change.kind]
    assert told[name] == target(change), told
    if name == "update":
        assert len(told["fields"]) == len(change.fields)
        for it in change.fields:
            says = told["fields"][fields[it.field]]
            for which in ("before", "after"):
                assert it.HasField(which) == (which in says), says
                assert which not in says or matches(getattr(it, which), says[which]), says
    else:
        fid = change.WhichOneof("stored_as")
        assert told.get("fid") == (fid and getattr(change, fid)), told
        assert len(change.values) == len(fields)
        for field, value in zip(fields, change.values):
            assert (value.WhichOneof("kind") is None) == (field not in told["values"]), told
            assert field not in told["values"] or matches(value, told["values"][field]), told


def check(message, told):
    assert message.version == told["version"]
    assert (uuid(message.id) if message.id else None) == told.get("id")
    assert [layer.name for layer in message.layers] == list(told["layers"])
    assert list(message.layer_counts) == [len(message.layers)]
    for layer in message.layers:
        says = told["layers"][layer.name]
        fields = list(layer.fields)
        assert fields == says["fields"]
        assert len(layer.changes) == len(says["changes"])
        for change, one in zip(layer.changes, says["changes"]):
            check_change(change, one, fields)


for line in sys.stdin.buffer:
    raw, text = line.decode().split("\t", 1)
    raw = bytes.fromhex(raw)
    message = ChangeSet()
    message.ParseFromString(raw)
    check(message, json.loads(text))
    known = ChangeSet()
    known.CopyFrom(message)
    known.DiscardUnknownFields()
    assert known.ByteSize() == len(raw), "the schema has all that we write"
    assert message.SerializeToString() == raw, "we write what Google's writer does"
    print(message.SerializeToString().hex())
