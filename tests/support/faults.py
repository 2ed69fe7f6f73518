# SPDX-License-Identifier: Apache-2.0
"""The steps of every flow as the daemon itself lists them, and faults before them: a delay or a kill -9."""
import dataclasses
import os
import subprocess

BUILD = os.environ["CHANCERY_BUILD"]
PUBLIC = ("health", "reflection")  # flows for everybody, which need no database


@dataclasses.dataclass(frozen=True)
class Step:
    """A row of a flow's table; `row` is "seal", or "authenticate.proof" for a row of a sub-flow."""
    flow: str
    row: str
    is_commit: bool

    @property
    def is_of_sub_flow(self):
        return "." in self.row

    def __str__(self):
        return f"{self.flow}:{self.row}"


def parse_steps(text):
    """What `chanceryd --list-steps` prints, a row per line: "flow:row" or "flow row", then what marks the row."""
    steps = []
    for line in text.splitlines():
        first, *rest = line.split()
        flow, colon, row = first.partition(":")
        if not colon:
            row, *rest = rest
        steps.append(Step(flow, row, "commit" in rest))
    return steps


def all_steps():
    done = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--list-steps"], capture_output=True, text=True,
                          check=True)
    return parse_steps(done.stdout)


STEPS = [step for step in all_steps() if not step.flow.startswith(PUBLIC)]
FLOWS = sorted({step.flow for step in STEPS})


def steps_of(flow):
    return [step for step in STEPS if step.flow == flow]


def from_commit(flow):
    """The commit row and every row after it; none for a flow that commits nothing."""
    steps = [step for step in steps_of(flow) if not step.is_of_sub_flow]
    first = next((n for n, step in enumerate(steps) if step.is_commit), len(steps))
    return steps[first:]


COMMITTING = [flow for flow in FLOWS if from_commit(flow)]


class Faults:
    """The file that the server reads at every step (server/rpc/fault.c); one fault at a time."""

    def __init__(self, path):
        self.path = str(path)
        self.env = {"CHANCERY_FAULT_FILE": self.path}

    def _write(self, text):
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write(text)
        os.rename(self.path + ".new", self.path)

    def delay(self, step, milliseconds):
        self._write(f"{step}:delay={milliseconds}")

    def kill(self, step):
        self._write(f"{step}:kill")

    def none(self):
        self._write("")
