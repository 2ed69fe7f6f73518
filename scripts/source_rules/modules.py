# SPDX-License-Identifier: Apache-2.0
"""Modules: their DEPS, which file an include means, and which module may include it.

A module is a folder whose CMakeLists.txt has chancery_module(...). Files of folders below belong to
it, unless a nearer folder is a module too. A program has no DEPS: it may include whatever the
modules that it links stand on. Nothing here knows a module by its name, except for the libraries
that only a few may use."""
import os
import re

from source_rules import graph
from source_rules.tree import CODE

# The only modules that may include the headers of a third-party library, by the beginning of the
# headers' names. `net` stands for the modules nested in it too, such as `net_http2`.
THIRD_PARTY = {
    "openssl/": {"base", "crypto", "net", "keys", "setup", "sink", "client", "cli"},
    "jansson.h": {"crypto", "wire", "identity", "cli"},
    "libpq-fe.h": {"conninfo", "store", "cli"},
    "curl/": {"transfer", "client", "cli"},
    "ares.h": {"dns"},
    "idn2.h": {"domain"},
    "unicase.h": {"domain"},
    "uniconv.h": {"domain"},
    "unictype.h": {"domain"},
    "uninorm.h": {"domain"},
    "unistr.h": {"domain"},
    "event2/": {"loop"},
    "nghttp2/": {"net"},
    "zlib.h": {"net"},
    "yaml.h": {"wire"},
    "gmime/": {"client"},
    "p11-kit/": {"pkcs11"},
    "protobuf-c/": {"proto", "wire", "rpc", "client", "library"},
}
# Services see no other service: what two of them need is in the common module.
SERVICES, SERVICES_COMMON = "server/service", "service_common"


class Module:
    def __init__(self, name, folder, deps, is_program=False):
        self.name, self.folder, self.deps, self.is_program = name, folder, set(deps), is_program


def call_arguments(text, function):
    """The words in the parentheses of each call of a CMake function."""
    text = re.sub(r"#.*", "", text)
    return [match.split() for match in re.findall(rf"\b{function}\s*\(([^()]*)\)", text)]


def section(words, keyword):
    """The words after a keyword of a CMake call, up to the next keyword."""
    found, inside = [], False
    for word in words:
        if word.isupper():
            inside = word == keyword
        elif inside:
            found.append(word)
    return found


def modules_of(tree):
    """All modules by name. Programs are modules too, under the names of their folders."""
    modules, programs = {}, []
    for folder in CODE + ("proto",):
        for path in tree.glob(f"{folder}/**/CMakeLists.txt"):
            text, where = tree.read(path), os.path.dirname(path)
            declared = [Module(words[0], where, section(words[1:], "DEPS"))
                        for words in call_arguments(text, "chancery_module")]
            declared += [Module(words[0][len("chancery_"):], where, ())
                         for words in call_arguments(text, "add_library") if words[0].startswith("chancery_")]
            if len(declared) > 1:
                tree.report(path, 0, "two modules in one folder")
            for module in declared:
                if module.name in modules:
                    tree.report(path, 0, f"there are two modules {module.name}")
                modules[module.name] = module
            if call_arguments(text, "add_executable"):
                linked = [word for words in call_arguments(text, "target_link_libraries") for word in words]
                deps = [word[len("chancery_"):] for word in linked if word.startswith("chancery_")]
                programs.append(Module(os.path.basename(where), where, deps, is_program=True))
    for program in programs:
        known = {name: module.deps for name, module in modules.items()}
        program.deps = graph.reachable(known, program.deps & set(known))
        modules[program.name] = program
    return modules


def levels(modules):
    """A module's level is one more than the highest of what it depends on."""
    found = {}

    def level(name, above=()):
        if name not in found and name in modules and name not in above:
            deps = [level(dep, above + (name,)) for dep in modules[name].deps]
            found[name] = 1 + max(deps, default=-1)
        return found.get(name, 0)
    for name in modules:
        level(name)
    return found


class Includes:
    """Which file an include means. The compiler searches the parent of each module's folder, and
    the file's own folder."""

    def __init__(self, tree, modules):
        self.tree = tree
        self.by_folder = {module.folder: module for module in modules.values()}
        self.roots = sorted({os.path.dirname(module.folder) for module in modules.values()} | {"", "proto", "proto-private", "third_party"})

    def module_of(self, path):
        folder = os.path.dirname(path)
        while folder and folder not in self.by_folder:
            folder = os.path.dirname(folder)
        return self.by_folder.get(folder)

    def files(self, path, name):
        """The files that an include in `path` may mean; it should be one."""
        beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
        if self.tree.is_file(beside):
            return {beside}
        # Made by the build: messages of a .proto file, and what CMake configures.
        kinds = [name, name + ".in", re.sub(r"\.pb-c\.h$", ".proto", name),
                 re.sub(r"^methods\.def$", "methods.h", name),  # scripts/gen-methods
                 re.sub(r"^service/(flows|resources|acts)\.def$", "service/common/flows.h", name),  # scripts/gen-registry
                 re.sub(r"/statements\.gen\.h$", "/gate.sql", name)]  # scripts/gen-statements, of all of them
        found = {os.path.normpath(os.path.join(root, kind)) for root in self.roots for kind in kinds}
        return {file for file in found if self.tree.is_file(file)}

    def each(self, path):
        """Line, name and whether it is in quotes, for each include of a file."""
        for number, line in enumerate(self.tree.read(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
            if match:
                yield number, match.group(2), match.group(1) == '"'

    def resolved(self, path):
        """Line and file, for each include that means exactly one file of this tree."""
        for number, name, quoted in self.each(path):
            files = self.files(path, name) if quoted else ()
            if len(files) == 1:
                yield number, next(iter(files))


def may_include(module, allowed):
    return any(module == name or module.startswith(name + "_") for name in allowed)


def check_third_party(tree, path, number, module, name):
    for prefix, allowed in THIRD_PARTY.items():
        if name.startswith(prefix) and not may_include(module.name, allowed):
            tree.report(path, number, f"{module.name} may not include {name}")


def check_include(tree, includes, path, number, name):
    module, files = includes.module_of(path), includes.files(path, name)
    if not files and name.startswith(("google/protobuf/", "protobuf-c/")):
        return  # of protobuf itself
    if len(files) != 1:
        what = "no file is called" if not files else f"{' and '.join(sorted(files))} are both called"
        tree.report(path, number, f"{what} {name}")
        return
    target = includes.module_of(next(iter(files)))
    if target is not None and target is not module and target.name not in module.deps:
        tree.report(path, number, f"{module.name} does not declare {target.name} in DEPS")


def check_includes(tree):
    """A module includes its own files, those of its DEPS, and the third-party libraries that
    THIRD_PARTY allows it."""
    modules = modules_of(tree)
    includes = Includes(tree, modules)
    for path in tree.sources(*CODE):
        module = includes.module_of(path)
        if module is None:
            tree.report(path, 0, "belongs to no module")
            continue
        for number, name, quoted in includes.each(path):
            check_third_party(tree, path, number, module, name)
            if quoted:
                check_include(tree, includes, path, number, name)


def check_dependencies(tree):
    """DEPS form no circle, and no service depends on another one."""
    modules = modules_of(tree)
    for module in modules.values():
        for dep in sorted(module.deps - set(modules)):
            tree.report(module.folder, 0, f"{module.name} depends on {dep}, which is not there")
        for dep in sorted(module.deps & set(modules)):
            are_beside = os.path.dirname(module.folder) == os.path.dirname(modules[dep].folder) == SERVICES
            if are_beside and dep != SERVICES_COMMON:
                tree.report(module.folder, 0, f"{module.name} depends on {dep}: services see {SERVICES_COMMON} only")
    for circle in graph.circles({name: module.deps for name, module in modules.items()}):
        tree.report(modules[circle[0]].folder, 0, "DEPS form a circle: " + ", ".join(circle))
