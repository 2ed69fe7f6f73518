# SPDX-License-Identifier: Apache-2.0
"""What the kernel says of processes."""
import os


def children(pid):
    """The pids of its children, those of its first thread: an authority's workers, PostgreSQL's backends. None of a process
    that is gone."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except FileNotFoundError:
        return []


def all_children(pid):
    """The pids of its children, whichever of its threads has started them."""
    try:
        found = []
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += [int(child) for child in file.read().split()]
        return found
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_running(pid):
    """Whether it is there, and no mere entry that waits for its parent."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1])
