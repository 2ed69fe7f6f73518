# SPDX-License-Identifier: Apache-2.0
"""Every reason of lib/base/reasons.def is raised and tested, and none can be told from others that clients see as one."""
import re

from source_rules.tree import CODE

TABLE = "lib/base/reasons.def"


def check_reasons(tree):
    table = tree.read(TABLE)
    code = "\n".join(tree.read(path) for path in tree.sources(*CODE))
    tests = "\n".join(tree.read(path) for kind in ("c", "py") for path in tree.glob(f"tests/**/*.{kind}"))
    told = {}
    for name, *line in re.findall(r"^REASON\((\w+), (\w+), (\w+), \w+, (.*)\)$", table, re.M):
        if told.setdefault(line[1], line) != line:
            tree.report(TABLE, 0, f"{name} can be told from others that are {line[1]} to clients")
    for name, public in re.findall(r"^REASON\((\w+), \w+, (\w+),", table, re.M):
        if not re.search(rf"\bR_{name}\b", code):
            tree.report(TABLE, 0, f"{name} is never raised")
        if not re.search(rf"\b(R_{name}|{name}|{public})\b", tests):
            tree.report(TABLE, 0, f"{name} is in no test")
