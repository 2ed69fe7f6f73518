# SPDX-License-Identifier: Apache-2.0
"""Tests in Python wait for states instead of sleeping, start programs instead of forking, say why they
skip, and share their helpers."""
import ast

from source_rules.text import TEST_FILE_MAX

FOLDERS = ("tests/e2e", "tests/regress", "tests/interop")
SHARED = ("tests/support/calls.py", "tests/support/waiting.py")
FORKS = ("fork", "forkpty")
SKIPS = {"skip": 0, "skipif": 1}  # the position of the reason among the arguments; it may be named too


def _name(node):
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _has_reason(call):
    place = SKIPS[_name(call.func)]
    named = [keyword.value for keyword in call.keywords if keyword.arg in ("reason", "msg")]
    given = named or call.args[place:place + 1]
    return bool(given) and not (isinstance(given[0], ast.Constant) and not given[0].value)


def _check_calls(tree, path, module):
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        name = _name(node.func)
        if name == "sleep":
            tree.report(path, node.lineno, "sleeps: wait for the state (eventually), or say that time passes (let_pass)")
        elif name in FORKS or any(keyword.arg == "preexec_fn" for keyword in node.keywords):
            tree.report(path, node.lineno, "forks: gRPC hangs at that, so start a program (subprocess, Terminal)")
        elif name == "xfail":
            tree.report(path, node.lineno, "a test passes, or is not there")
        elif name in SKIPS and isinstance(node.func, ast.Attribute) and not _has_reason(node):
            tree.report(path, node.lineno, "a skip without a reason")


def _functions(module):
    return {node.name: node.lineno for node in module.body if isinstance(node, ast.FunctionDef)}


def check_python_tests(tree):
    shared = {name: path for path in SHARED if tree.is_file(path) for name in _functions(ast.parse(tree.read(path)))}
    for path in tree.sources(*FOLDERS, kinds=("py",)):
        module = ast.parse(tree.read(path))
        _check_calls(tree, path, module)
        for name, line in _functions(module).items():
            if name in shared:
                tree.report(path, line, f"{name} is a helper of {shared[name]}")
    for path in tree.sources(*FOLDERS, "tests/support", kinds=("py",)):
        lines = tree.read(path).count("\n")
        if lines > TEST_FILE_MAX:
            tree.report(path, lines, f"{lines} lines; at most {TEST_FILE_MAX}")
