"""Commands: `group` (CSV on standard input), `tree DIR`, `note DIR`, `exit N`, `err`, `raise`; else what it was given."""
import csv
import datetime
import decimal
import heapq  # noqa: F401  imported late by collections, and nothing can be imported at run time
import json
import os
import random
import sys
import time

from componentize_py_types import Err
from wit_world import exports


def group():
    totals = {}
    for row in csv.DictReader(sys.stdin):
        totals[row["kind"]] = totals.get(row["kind"], decimal.Decimal()) + decimal.Decimal(row["amount"])
    print(json.dumps({name: str(total) for name, total in sorted(totals.items())}, ensure_ascii=False))


def tree(top):
    for path, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(names):
            full = os.path.join(path, name)
            with open(full, encoding="utf-8") as file:
                print(full, os.stat(full).st_size, file.readline().rstrip())


def note(top):
    os.makedirs(os.path.join(top, "notes/old"))
    with open(os.path.join(top, "notes/one.txt"), "w", encoding="utf-8") as file:
        file.write("first\n")
    with open(os.path.join(top, "notes/one.txt"), "a", encoding="utf-8") as file:
        file.write("zweite Zeile: äöü\n")
    os.rename(os.path.join(top, "notes/one.txt"), os.path.join(top, "notes/old/two.txt"))
    try:
        open("/etc/passwd", encoding="utf-8")
    except OSError as error:
        print("outside:", type(error).__name__)


class Run(exports.Run):
    def run(self) -> None:
        match sys.argv[1:]:
            case ["group"]:
                group()
            case ["tree", top]:
                tree(top)
            case ["note", top]:
                note(top)
            case ["exit", code]:
                print("leaving", flush=True)
                sys.exit(int(code))
            case ["err"]:
                print("asked to fail", file=sys.stderr)
                raise Err(None)
            case ["raise"]:
                raise RuntimeError("asked to raise")
            case rest:
                print(rest, os.environ.get("GREETING"), 0 <= random.random() < 1)
                print(datetime.date(2024, 2, 29) + datetime.timedelta(days=366), time.time() > 1.6e9)
        sys.stdout.flush()
