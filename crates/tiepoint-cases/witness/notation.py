"""Reads the layers and cases, in the notation that ../src reads them in."""
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent.parent
KINDS = ("value", "order", "box", "nearest", "total")


def split_outside(text, separator):
    """Splits where the separator stands outside of single quotes and parentheses."""
    parts, depth, quoted, start, at = [], 0, False, 0, 0
    while at < len(text):
        c = text[at]
        if c == "'":
            quoted = not quoted
        elif not quoted:
            depth += (c in "([") - (c in ")]")
            if depth == 0 and text.startswith(separator, at):
                parts.append(text[start:at])
                at += len(separator)
                start = at
                continue
        at += 1
    parts.append(text[start:])
    return [part.strip() for part in parts]


def unescape(text):
    """A text in single quotes as a table or an expected value has it."""
    text = text[1:-1].replace("''", "'")
    named = {"n": "\n", "t": "\t", "\\": "\\"}
    return re.sub(
        r"\\(u\{([0-9a-f]+)\}|.)",
        lambda it: chr(int(it[2], 16)) if it[2] else named[it[1]],
        text,
    )


def layers():
    """Name to (columns, rows); a cell is its text, or None for null."""
    found = {}
    for path in sorted((HERE / "layers").glob("*.txt")):
        columns, rows = [], []
        for line in path.read_text().splitlines():
            if line.startswith("fields:"):
                columns = [it.split(" ", 1) for it in split_outside(line[7:], "|")]
            elif line.strip() and not line.startswith("#"):
                rows.append([cell or None for cell in split_outside(line, "|")])
        found[path.stem] = (columns, rows)
    return found


class Case:
    """One line that decides something, with what decides it."""

    def __init__(self, path, number, line, layer, evidence):
        self.path, self.number, self.layer, self.evidence = path, number, layer, evidence
        self.asked, _, self.expected = line.rpartition(" => ")
        head, colon, rest = self.asked.partition(": ")
        self.kind = head if colon and head in KINDS else "filter"
        self.text = rest if self.kind != "filter" else self.asked
        self.sql = None

    @property
    def is_error(self):
        return self.expected.startswith("error:")


def cases():
    for path in sorted((HERE / "cases").glob("*.txt")):
        layer, evidence, case = None, "postgis", None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("  "):
                key, _, value = line.strip().partition(": ")
                if key == "definition":
                    case.evidence = "definition"
                elif value == "geodesic":
                    case.evidence = "geodesic"
                else:
                    case.sql = value
                continue
            if case:
                yield case
                case = None
            if line.startswith("== "):
                evidence = "postgis"
            elif line.startswith("layer "):
                layer = line[6:]
            elif line.startswith("evidence: "):
                evidence = line[10:].split(":")[0]
            else:
                case = Case(path, number, line, layer, evidence)
        if case:
            yield case
