# SPDX-License-Identifier: Apache-2.0
"""One version: of CMakeLists.txt, of both programs, and of the changelog's newest entry."""
import os
import re
import subprocess

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.environ["CHANCERY_BUILD"]


def version():
    with open(f"{ROOT}/CMakeLists.txt", encoding="utf-8") as file:
        return re.search(r"project\(chancery VERSION (\d+\.\d+\.\d+) ", file.read())[1]


@pytest.mark.parametrize("program", ["server/daemon/chanceryd", "cli/chancery"])
def test_programs_say_their_version(program):
    done = subprocess.run([f"{BUILD}/{program}", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{os.path.basename(program)} {version()}\n"


def test_the_changelog_knows_it():
    with open(f"{ROOT}/CHANGELOG.md", encoding="utf-8") as file:
        assert re.search(r"^## \[(\d+\.\d+\.\d+)\]", file.read(), re.M)[1] == version()
