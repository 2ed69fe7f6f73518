# SPDX-License-Identifier: Apache-2.0
"""One name, one thing: names of the server's files, and prefixes of public functions."""
import os
import re

from source_rules.modules import Includes, modules_of
from source_rules.tree import CODE

# Prefixes that two modules may share, and why.
SHARED_PREFIXES = {
}
# Folders where the rules are enforced; for others --notes lists the violations.
BASENAMES_ENFORCED = ("server/service/",)
PREFIXES_ENFORCED = ("lib/", "client/", "server/service/")


def say(tree, enforced, path, line, text):
    (tree.report if path.startswith(enforced) else tree.note)(path, line, text)



def check_basenames(tree):
    """No two folders of the server have files of one name; x.c and x.h in one folder are one
    name."""
    seen = {}
    for path in tree.sources("server"):
        folder, file = os.path.split(path)
        first = seen.setdefault(os.path.splitext(file)[0], path)
        if os.path.dirname(first) != folder:
            say(tree, BASENAMES_ENFORCED, path, 0, f"the same name as {first}")


def public_functions(code):
    """Names and lines of the functions that a header declares, without inline ones."""
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


def own_names(path):
    """How the functions of a header may begin: with its name, also in the singular."""
    stem = os.path.splitext(os.path.basename(path))[0]
    return (stem, re.sub(r"s$", "", stem))


def has_own_name(path, name):
    return any(name == own or name.startswith(own + "_") for own in own_names(path))


def check_prefixes(tree):
    """A public function begins with the name of its header. Otherwise its prefix, up to the first
    underscore, belongs to its module alone: no other module has a header of that name, or other
    functions with that prefix. Programs can't be included, so their functions may have any name."""
    includes = Includes(tree, modules_of(tree))
    headers = [(path, includes.module_of(path)) for path in tree.sources(*CODE, kinds=("h",))]
    headers = [(path, module) for path, module in headers if module is not None and not module.is_program]
    owners = {}
    for path, module in headers:
        for own in own_names(path):
            owners.setdefault(own, (module, path))
    for path, module in headers:
        for name, line in public_functions(tree.code(path)):
            prefix = name.split("_")[0]
            if has_own_name(path, name) or prefix in SHARED_PREFIXES:
                continue
            owner, where = owners.setdefault(prefix, (module, path))
            if owner is not module:
                say(tree, PREFIXES_ENFORCED, path, line, f"{name} has neither the name of its header nor one of its module: see {where}")
