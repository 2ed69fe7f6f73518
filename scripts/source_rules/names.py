# SPDX-License-Identifier: Apache-2.0
"""One name, one thing: files of the server, and prefixes of public functions."""
import os
import re

from source_rules.modules import Includes, modules_of
from source_rules.tree import CODE

# Prefixes that two modules may share, and why.
SHARED_PREFIXES = {
}
# Whether the tree has to keep a rule, or is only told where it does not.
BASENAMES_ENFORCED = False
PREFIXES_ENFORCED = False


def check_basenames(tree):
    """Within the server no two folders have files of one name: x.c and x.h of one folder are one name."""
    say = tree.report if BASENAMES_ENFORCED else tree.note
    seen = {}
    for path in tree.sources("server"):
        folder, file = os.path.split(path)
        first = seen.setdefault(os.path.splitext(file)[0], path)
        if os.path.dirname(first) != folder:
            say(path, 0, f"the same name as {first}")


def public_functions(code):
    """Names and lines of the functions that a header declares, inline ones left out."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), code, flags=re.M)
    code = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", "", code)
    depth, start = 0, 0
    for at, char in enumerate(code):
        depth += (char == "{") - (char == "}")
        if depth == 0 and char in ";}":
            text = code[start:at]
            match = re.match(r"\s*((?:[\w*]+[\s*]+)+)(\w+)\s*\(", text)
            if match and char == ";" and not re.match(r"\s*(static|typedef)\b", text):
                yield match.group(2), code.count("\n", 0, start + match.start(2)) + 1
            start = at + 1


def check_prefixes(tree):
    """What public functions begin with, up to the first underscore, belongs to one module. Nobody can include a program,
    so what its functions are called is its own affair."""
    say = tree.report if PREFIXES_ENFORCED else tree.note
    includes = Includes(tree, modules_of(tree))
    seen = {}
    for path in tree.sources(*CODE, kinds=("h",)):
        module = includes.module_of(path)
        if module is None or module.is_program:
            continue
        for name, line in public_functions(tree.code(path)):
            prefix = name.split("_")[0]
            first, where = seen.setdefault(prefix, (module, path))
            if first is not module and prefix not in SHARED_PREFIXES:
                say(path, line, f"{name}: functions of {where} begin with {prefix}_ too")
