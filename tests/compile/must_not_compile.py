#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compile a case of this folder by its own command in BUILD/compile_commands.json: with CONTROL defined it must
compile without a word, otherwise the compiler must refuse it with the words of its second line, /* expect: … */.

usage: must_not_compile.py BUILD CASE.c"""
import json
import os
import re
import shlex
import subprocess
import sys


def command_of(build, path):
    with open(f"{build}/compile_commands.json", encoding="utf-8") as file:
        for entry in json.load(file):
            if os.path.realpath(entry["file"]) == os.path.realpath(path):
                return shlex.split(entry["command"]), entry["directory"]
    sys.exit(f"{path}: not in {build}/compile_commands.json")


def compile_case(command, folder, *more):
    argv = list(command)
    argv[argv.index("-o") + 1] = os.devnull
    return subprocess.run([*argv, *more], cwd=folder, capture_output=True, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})


def main():
    build, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        expected = re.match(r".*\n/\* expect: (.+) \*/\n", file.read())
    if not expected:
        sys.exit(f"{path}: its second line must be /* expect: … */")
    command, folder = command_of(build, path)
    control = compile_case(command, folder, "-DCONTROL")
    if control.returncode != 0 or control.stderr:
        sys.exit(f"{path}: the control must compile without a warning:\n{control.stderr}")
    case = compile_case(command, folder)
    if case.returncode == 0:
        sys.exit(f"{path}: compiles, but must not:\n{case.stderr}")
    errors = [line for line in case.stderr.splitlines() if " error: " in line]
    if len(errors) != 1 or expected[1] not in errors[0]:
        sys.exit(f"{path}: expected one error with {expected[1]!r}:\n{case.stderr}")
    print(f"{os.path.basename(command[0])}: {errors[0].split(' error: ')[1]}")


if __name__ == "__main__":
    main()
