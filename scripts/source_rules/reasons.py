# SPDX-License-Identifier: Apache-2.0
"""Every reason of lib/base/reasons.def is raised and tested, and clients can't tell apart those
that have one public name."""
import re

from source_rules.tree import CODE

TABLE = "lib/base/reasons.def"
# Name, gRPC code, public name; then text and advice, each one or more strings, possibly over
# several lines.
ROW = r'^REASON\((\w+),\s*(\w+),\s*(\w+),\s*\w+,((?:[\s,]*"[^"]*")+)\)'


def check_reasons(tree):
    table = tree.read(TABLE)
    code = "\n".join(tree.read(path) for path in tree.sources(*CODE))
    tests = "\n".join(tree.read(path) for kind in ("c", "py") for path in tree.glob(f"tests/**/*.{kind}"))
    told = {}
    for name, grpc, public, texts in re.findall(ROW, table, re.M):
        shown = grpc, texts.split()
        if told.setdefault(public, shown) != shown:
            tree.report(TABLE, 0, f"{name} can be told from others that are {public} to clients")
        if not re.search(rf"\bR_{name}\b", code):
            tree.report(TABLE, 0, f"{name} is never raised")
        if not re.search(rf"\b(R_{name}|{name}|{public})\b", tests):
            tree.report(TABLE, 0, f"{name} is in no test")
