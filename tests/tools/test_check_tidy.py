# SPDX-License-Identifier: Apache-2.0
"""scripts/check-tidy checks what changed, all of it, and nothing else; in a small project of its own."""
import os
import re
import shutil
import subprocess

import pytest

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
FILES = {
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.25)\nproject(small C)\nset(CMAKE_EXPORT_COMPILE_COMMANDS ON)\n"
                      "add_library(small STATIC lib/one.c lib/two.c)\ntarget_include_directories(small PRIVATE lib)\n",
    ".clang-tidy": "Checks: '-*,misc-redundant-expression'\nWarningsAsErrors: '*'\n",
    "lib/shared.h": "int shared(int a);\n",
    "lib/one.c": '#include "shared.h"\nint shared(int a)\n{\n    return a;\n}\n',
    "lib/two.c": "int two(int a);\nint two(int a)\n{\n    return a;\n}\n",
}
FINDING = "int two(int a);\nint two(int a)\n{\n    return a - a;\n}\n"


class Project:
    def __init__(self, folder, cache):
        self.folder, self.cache = folder, cache
        for name, text in FILES.items():
            self.write(name, text)
        os.makedirs(folder / "scripts")
        shutil.copy(f"{ROOT}/scripts/check-tidy", folder / "scripts/check-tidy")
        self.build()

    def write(self, name, text):
        path = self.folder / name
        os.makedirs(path.parent, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def build(self):
        for command in (["cmake", "-S", ".", "-B", "build", "-G", "Ninja"], ["cmake", "--build", "build"]):
            subprocess.run(command, cwd=self.folder, check=True, capture_output=True)

    def check(self, code=0):
        """How many files it checked."""
        done = subprocess.run(["scripts/check-tidy", "build"], cwd=self.folder, capture_output=True, text=True,
                              check=False, env={**os.environ, "CHANCERY_TIDY_CACHE": str(self.cache)})
        if done.returncode == 77:
            pytest.skip(done.stdout.strip().removeprefix("skipped: "))
        assert done.returncode == code, done.stdout + done.stderr
        return int(re.search(r"2 files: (\d) checked", done.stdout)[1])


@pytest.fixture(name="project")
def fixture_project(tmp_path):
    return Project(tmp_path / "project", tmp_path / "cache")


def test_unchanged_files_are_not_checked_again(project, tmp_path):
    assert project.check() == 2
    assert project.check() == 0
    clone = Project(tmp_path / "clone", project.cache)
    assert clone.check() == 0


def test_a_header_brings_its_users_back(project):
    project.check()
    project.write("lib/shared.h", "/* more */\nint shared(int a);\n")
    assert project.check() == 1  # before the next build …
    project.write("lib/shared.h", "/* and more */\nint shared(int a);\n")
    project.build()
    assert project.check() == 1  # … and after it
    assert project.check() == 0


def test_a_header_that_is_new_to_a_file_counts(project):
    project.check()
    project.write("lib/two.c", '#include "shared.h"\n' + FILES["lib/two.c"])
    assert project.check() == 1  # not built since
    project.write("lib/shared.h", "/* more */\nint shared(int a);\n")
    assert project.check() == 2


def test_findings_are_told_each_time(project):
    project.write("lib/two.c", FINDING)
    assert project.check(code=1) == 2
    assert project.check(code=1) == 1
    project.write("lib/two.c", FILES["lib/two.c"])
    assert project.check() == 1


def test_rules_and_flags_count(project):
    project.check()
    project.write(".clang-tidy", FILES[".clang-tidy"].replace("misc-", "bugprone-*,misc-"))
    assert project.check() == 2
    project.write("CMakeLists.txt", FILES["CMakeLists.txt"] + "target_compile_definitions(small PRIVATE MORE=1)\n")
    project.build()
    assert project.check() == 2
