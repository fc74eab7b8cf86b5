"""What geodiff takes to find the changes between two files, in CPU seconds, and how many it found."""
import json
import os
import sys
import time

import pygeodiff

before, after, changes = sys.argv[1:4]
rounds = int(sys.argv[4])
geodiff = pygeodiff.GeoDiff()
seconds = []
for _ in range(rounds):
    if os.path.exists(changes):
        os.remove(changes)
    start = time.process_time()
    geodiff.create_changeset(before, after, changes)
    seconds.append(time.process_time() - start)
found = geodiff.changes_count(changes)
print(json.dumps({"seconds": seconds, "changes": found, "version": geodiff.version()}))
