"""What the usual pattern of a Python program costs: objects in a WeakValueDictionary by their ids,
feature ids on the objects, and a look at all of them for whatever is deleted."""
import json
import random
import sys
import time
import uuid
import weakref

DELETIONS = 5
LOOKUPS = 200_000


class Thing:
    def __init__(self, object_id: str, fid: int) -> None:
        self.object_id = object_id
        self.fid = fid


def seconds(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def measured(count: int) -> dict[str, float]:
    chance = random.Random(7)
    ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(count)]
    things = weakref.WeakValueDictionary()
    keep = []

    def build() -> None:
        for fid, object_id in enumerate(ids):
            thing = Thing(object_id, fid)
            keep.append(thing)
            things[object_id] = thing

    def deleted() -> None:
        for _ in range(DELETIONS):
            fid = chance.randrange(count)
            [thing for thing in list(things.values()) if thing.fid == fid]

    attach_s = seconds(build)
    asked = [chance.choice(ids) for _ in range(LOOKUPS)]
    lookup_s = seconds(lambda: [things[object_id] for object_id in asked])
    return {
        "attach_s": attach_s,
        "lookup_ns": lookup_s / LOOKUPS * 1e9,
        "deletion_ms": seconds(deleted) / DELETIONS * 1e3,
    }


print(json.dumps([measured(int(count)) for count in sys.argv[1:]]))
