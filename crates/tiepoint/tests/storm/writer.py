"""Writes to a GeoPackage for ever, in every way that SQLite knows: python3 writer.py FILE SEED ID_COLUMN"""
import random
import sqlite3
import struct
import sys
import time
import uuid

path, seed, id_column = sys.argv[1], int(sys.argv[2]), sys.argv[3]
rnd = random.Random(seed)


def point():
    x, y = rnd.randrange(180), rnd.randrange(90)
    return b"GP\x00\x01" + struct.pack("<i", 4326) + struct.pack("<BIdd", 1, 1, x, y)


def ordinate(which):
    return lambda blob: None if blob is None else struct.unpack_from("<dd", blob, 13)[which]


db = sqlite3.connect(path, timeout=20, isolation_level=None)
for name, which in (("ST_MinX", 0), ("ST_MaxX", 0), ("ST_MinY", 1), ("ST_MaxY", 1)):
    db.create_function(name, 1, ordinate(which), deterministic=True)
db.create_function("ST_IsEmpty", 1, lambda blob: None if blob is None else 0, deterministic=True)


def one(table, column="fid"):
    row = db.execute(f"SELECT {column} FROM {table} ORDER BY random() LIMIT 1").fetchone()
    return row and row[0]


def name():
    return rnd.choice([None, "ash", "oak", "Oak", f"name {rnd.randrange(1000)}", "a\0b", "ü'\"%"])


def number():
    return rnd.choice([None, rnd.randrange(1000), rnd.randrange(-(2**62), 2**62)])


def code():
    return f"code {rnd.randrange(2000)}"


def insert():
    db.execute("INSERT INTO trees (geom, name, number) VALUES (?, ?, ?)", (point(), name(), number()))
    db.execute("INSERT INTO notes (name, number) VALUES (?, ?)", (name(), number()))


def insert_many():
    rows = [(point(), name(), number()) for _ in range(rnd.randrange(60))]
    db.executemany("INSERT INTO trees (geom, name, number) VALUES (?, ?, ?)", rows)


def insert_with_an_id():
    given = rnd.choice([str(uuid.uuid4()), "{" + str(uuid.uuid4()).upper() + "}", "", "nonsense"])
    db.execute(f"INSERT INTO trees (geom, name, {id_column}) VALUES (?, ?, ?)", (point(), "given", given if given != "nonsense" else None))


def insert_a_copy():
    db.execute(f"INSERT INTO trees (geom, name, number, {id_column}) SELECT geom, name, number, {id_column} FROM trees WHERE fid = ?", (one("trees"),))


def rewrite_an_id():
    db.execute(f"UPDATE trees SET {id_column} = ? WHERE fid = ?", (rnd.choice([None, str(uuid.uuid4())]), one("trees")))


def swap_an_id():
    db.execute(f"UPDATE trees SET name = 'swapped', {id_column} = ? WHERE fid = ?", (one("trees", id_column), one("trees")))


def update():
    db.execute("UPDATE trees SET name = ? WHERE fid = ?", (name(), one("trees")))
    db.execute("UPDATE notes SET number = ?, name = upper(name) WHERE fid = ?", (number(), one("notes")))


def update_many():
    db.execute("UPDATE trees SET number = number + 1 WHERE fid % 7 = ? AND number < 1000", (rnd.randrange(7),))


def move():
    db.execute("UPDATE trees SET geom = ? WHERE fid = ?", (rnd.choice([point(), None]), one("trees")))


def change_nothing():
    db.execute("UPDATE trees SET name = name, geom = geom")


def renumber():
    db.execute("UPDATE notes SET fid = (SELECT max(fid) + 1 FROM notes) WHERE fid = ?", (one("notes"),))
    db.execute("UPDATE trees SET fid = (SELECT max(fid) + 1 FROM trees), name = 'renumbered' WHERE fid = ?", (one("trees"),))


def delete():
    db.execute("DELETE FROM trees WHERE fid = ?", (one("trees"),))
    db.execute("DELETE FROM notes WHERE fid = ?", (one("notes"),))


def delete_many():
    for table in ("trees", "notes", "codes"):
        (count,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
        if count > 800:
            db.execute(f"DELETE FROM {table} WHERE fid % 3 = ?", (rnd.randrange(3),))


def delete_all():
    if rnd.randrange(10) == 0:
        db.execute("DELETE FROM notes")


def replace():
    db.execute("INSERT OR REPLACE INTO trees (fid, geom, name) VALUES (?, ?, 'replaced')", (one("trees"), point()))
    db.execute("INSERT OR REPLACE INTO notes (fid, name) VALUES (?, 'replaced')", (one("notes"),))


def ignore():
    db.execute("INSERT OR IGNORE INTO notes (fid, name) VALUES (?, 'ignored')", (one("notes"),))
    db.execute("INSERT OR IGNORE INTO codes (code) VALUES (?)", (one("codes", "code"),))


def replace_a_code():
    db.execute("INSERT OR REPLACE INTO codes (code, number) VALUES (?, ?)", (code(), number()))


def upsert_a_code():
    db.execute("INSERT INTO codes (code, number) VALUES (?, 1) ON CONFLICT (code) DO UPDATE SET number = number + 1", (code(),))


def rename_a_code():
    db.execute("UPDATE OR REPLACE codes SET code = ? WHERE fid = ?", (code(), one("codes")))


def savepoint():
    db.execute("SAVEPOINT mark")
    rnd.choice(WORK)()
    db.execute("ROLLBACK TO mark")
    db.execute("RELEASE mark")


def take_time():
    time.sleep(rnd.random() * 0.2)


WORK = [insert, insert, insert_many, insert_with_an_id, insert_a_copy, rewrite_an_id, swap_an_id, update, update,
        update_many, move, change_nothing, renumber, delete, delete_many, delete_all, replace, ignore, replace_a_code,
        upsert_a_code, upsert_a_code, rename_a_code, savepoint, take_time]


def overlooked(error):
    """Whether SQLite has overlooked a table that is there. That is its own fault, found in 3.40 and 3.53 and in every
    journal mode: the first statement that is prepared after somebody else changed the schema, and whose triggers
    write to an R-tree and then use a table. Opening the R-tree finds the schema changed, and what is known of it is
    dropped, yet still taken for known. Nothing was written, and the next statement is well again. The schema is
    changed by whoever puts triggers aside to load rows, and by VACUUM."""
    if str(error) != "no such table: trees":
        return False
    # fails if it is truly not there, in the same state of the file where there is a transaction
    db.execute("SELECT 1 FROM trees LIMIT 1")
    return True


while True:
    try:
        if rnd.randrange(60) == 0:
            db.execute("VACUUM")
            continue
        db.execute(rnd.choice(["BEGIN IMMEDIATE", "BEGIN"]))
        for _ in range(rnd.randrange(1, 6)):
            try:
                rnd.choice(WORK)()
            except sqlite3.IntegrityError:
                pass
        db.execute("ROLLBACK" if rnd.randrange(6) == 0 else "COMMIT")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error) and "busy" not in str(error) and not overlooked(error):
            raise
        if db.in_transaction:
            db.execute("ROLLBACK")
    time.sleep(rnd.random() * 0.01)
