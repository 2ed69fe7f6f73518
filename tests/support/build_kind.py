# SPDX-License-Identifier: Apache-2.0
"""How the programs under test were built, by what CMake remembers."""
import re

from authority import BUILD


def _remembered(pattern):
    with open(f"{BUILD}/CMakeCache.txt", encoding="utf-8") as file:
        return re.search(pattern, file.read(), re.M) is not None


def is_release():
    return _remembered(r"^CMAKE_BUILD_TYPE:\w+=(Release|RelWithDebInfo|MinSizeRel)$")


def is_sanitized():
    return _remembered(r"^CHANCERY_SANITIZE:\w+=.+$")
