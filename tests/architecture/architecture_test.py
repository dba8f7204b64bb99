#!/usr/bin/env python3
"""Holds the structure of the sources: which room may include which, and what no header may include.

Prints long files and functions for information; only files beyond the hard limit and broken include rules
make it fail. With --self-test it proves on made-up trees that it notices what it is there for.
"""
import pathlib
import re
import sys
import tempfile

# Rooms by rank; a room includes only rooms of lower rank, and its own.
RANKS = [
    ["core"],
    ["conf", "http", "tls", "stats"],
    ["balance", "health", "rules"],
    ["backends"],
    ["frontends", "lvs", "vrrp"],
    ["control"],
    ["app"],
]
RANK = {room: rank for rank, rooms in enumerate(RANKS) for room in rooms}

# They cost every file that includes them a second of compilation, or tie the rooms to a library.
HEAVY = re.compile(r"^(boost/(asio|beast)|openssl/|spdlog/|fmt/|regex$|iostream$|format$)")

FILE_LIMIT = 700
FUNCTION_NOTE = 80
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
# A definition begins in the first column and its brace closes there (clang-format sees to that).
FUNCTION = re.compile(r"^(?!namespace|class|struct|enum|union|template|using|constexpr|const |static const|#|//|})\S[^;{]*\(")


def sources(root):
    for room in RANK:
        for suffix in ("*.h", "*.cc"):
            yield from sorted((root / room).rglob(suffix))


def include_errors(root, path, lines):
    room = path.relative_to(root).parts[0]
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, target = match.groups()
        where = f"{path.relative_to(root)}:{number}"
        if quote == "<":
            if path.suffix == ".h" and HEAVY.match(target):
                yield f"{where}: a header must not include <{target}>"
            continue
        other = target.split("/")[0]
        if other == room:
            continue
        if other not in RANK:
            yield f"{where}: \"{target}\" is in no room; includes are relative to the root"
        elif RANK[other] == RANK[room]:
            yield f"{where}: {room} and {other} have the same rank and know nothing of each other"
        elif RANK[other] > RANK[room]:
            yield f"{where}: {room} (rank {RANK[room]}) includes {other} (rank {RANK[other]}) from below"
        if not (root / target).exists():
            yield f"{where}: \"{target}\" does not exist"


def long_functions(lines):
    begin = None
    for number, line in enumerate(lines, 1):
        if begin is None and FUNCTION.match(line) and not line.endswith(";"):
            begin = number
        elif begin is not None and line.startswith("}"):
            if number - begin + 1 > FUNCTION_NOTE:
                yield begin, number - begin + 1
            begin = None
        elif begin is not None and line.endswith(";") and not line.startswith(" "):
            begin = None


def examine(root):
    errors, notes = [], []
    for path in sources(root):
        lines = path.read_text(encoding="utf-8").splitlines()
        errors += include_errors(root, path, lines)
        name = path.relative_to(root)
        if len(lines) > FILE_LIMIT:
            errors.append(f"{name}: {len(lines)} lines; files end at {FILE_LIMIT}")
        for begin, length in long_functions(lines):
            notes.append(f"{name}:{begin}: a function of {length} lines")
    return errors, notes


CASES = [
    ("core/a.cc", '#include "core/b.h"\n', None),
    ("http/a.cc", '#include "core/b.h"\n', None),
    ("core/a.cc", '#include "http/b.h"\n', "from below"),
    ("http/a.cc", '#include "conf/b.h"\n', "same rank"),
    ("lvs/a.h", '#include "frontends/b.h"\n', "same rank"),
    ("core/a.h", "#include <spdlog/spdlog.h>\n", "must not include"),
    ("core/a.cc", "#include <spdlog/spdlog.h>\n", None),
    ("stats/a.h", "#include <boost/asio.hpp>\n", "must not include"),
    ("core/a.cc", '#include "b.h"\n', "in no room"),
    ("core/a.cc", "// x\n" * (FILE_LIMIT + 1), "files end at"),
]


def self_test():
    failures = 0
    for name, text, expected in CASES:
        with tempfile.TemporaryDirectory() as tree:
            root = pathlib.Path(tree)
            for room in RANK:
                (root / room).mkdir()
                (root / room / "b.h").write_text("")
            (root / name).write_text(text)
            errors, _ = examine(root)
            found = "; ".join(errors)
            if (expected is None) != (not errors) or (expected and expected not in found):
                print(f"self-test: {name} with {text[:40]!r}: expected {expected!r}, found {found!r}")
                failures += 1
    return failures


def main():
    if "--self-test" in sys.argv:
        return 1 if self_test() else 0
    errors, notes = examine(pathlib.Path(sys.argv[1]))
    for note in notes:
        print("note:", note)
    for error in errors:
        print("error:", error)
    print(f"{len(errors)} errors, {len(notes)} notes")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
