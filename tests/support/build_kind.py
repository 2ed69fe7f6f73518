# SPDX-License-Identifier: Apache-2.0
"""How the programs under test were built, by what CMake remembers."""
import re

from authority import BUILD


def remembered(pattern):
    """What the pattern's group has found; "" if it found nothing."""
    with open(f"{BUILD}/CMakeCache.txt", encoding="utf-8") as file:
        found = re.search(pattern, file.read(), re.M)
        return found.group(found.lastindex or 0) if found else ""


def is_release():
    return bool(remembered(r"^CMAKE_BUILD_TYPE:\w+=(Release|RelWithDebInfo|MinSizeRel)$"))


def is_sanitized():
    return bool(remembered(r"^CHANCERY_SANITIZE:\w+=.+$"))
