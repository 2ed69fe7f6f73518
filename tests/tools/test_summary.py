# SPDX-License-Identifier: Apache-2.0
"""tests/summary counts every case, names every skip with its reason, and fails for one that hides."""
import os
import subprocess
from xml.sax.saxutils import escape

import pytest

SUMMARY = os.path.join(os.path.dirname(__file__), "..", "summary")
CMOCKA = """[==========] Running 3 test(s).
[ RUN      ] one
[       OK ] one
[ RUN      ] two
{said}[  SKIPPED ] two
[ RUN      ] three
[       OK ] three
[==========] 3 test(s) run.
[  PASSED  ] 2 test(s).
[  SKIPPED ] 1 test(s), listed below:
[  SKIPPED ] two
"""


def write_results(path, cases):
    """A JUnit file as CTest writes them; cases are (name, status, output)."""
    rows = "".join(f'<testcase name="{name}" classname="{name}" time="1" status="{status}">'
                   f"<system-out>{escape(output)}</system-out></testcase>" for name, status, output in cases)
    path.write_text(f'<?xml version="1.0"?><testsuite name="x">{rows}</testsuite>', encoding="utf-8")


def summarize(folder, *cases, stages=None, alone=()):
    """Run it over these cases, and over those that were run once more and alone."""
    write_results(folder / "dev.xml", cases)
    if alone:
        write_results(folder / "dev.alone.xml", alone)
    if stages:
        (folder / "skipped-stages").write_text(stages, encoding="utf-8")
    done = subprocess.run([SUMMARY, str(folder)], capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines()


def test_cases_are_counted(tmp_path):
    code, lines = summarize(tmp_path, ("lint.x", "run", ""), ("e2e.x", "run", "....\n4 passed, 2 warnings in 3.21s\n"),
                            ("unit.x", "run", CMOCKA.format(said="skipped: no disk\n")))
    assert code == 0 and lines[-1] == "7 passed, 0 failed, 1 skipped"
    assert lines[1] == "  unit.x (dev): two: no disk"


def test_every_skip_has_its_reason(tmp_path):
    output = "SKIPPED [2] tests/e2e/test_x.py:5: the clock is locked\n1 passed, 2 skipped in 0.01s\n"
    code, lines = summarize(tmp_path, ("e2e.x", "run", output), ("unit.v", "notrun", "skipped: no vectors\n"),
                            stages="coverage\t--quick\n")
    assert code == 0 and lines[-1] == "1 passed, 0 failed, 4 skipped"
    assert lines[1:-1] == ["  e2e.x (dev) [2]: tests/e2e/test_x.py:5: the clock is locked",
                           "  unit.v (dev): no vectors", "  coverage: --quick"]


@pytest.mark.parametrize("name, status, output", [
    ("pytest without -rs", "run", "1 passed, 2 skipped in 0.01s\n"),
    ("pytest names one of two", "run", "SKIPPED [1] x.py:5: why\n1 passed, 2 skipped in 0.01s\n"),
    ("pytest deselects", "run", "1 passed, 3 deselected in 0.01s\n"),
    ("pytest expects to fail", "run", "1 passed, 1 xfailed in 0.01s\n"),
    ("pytest counts something new", "run", "1 passed, 1 quarantined in 0.01s\n"),
    ("cmocka without a reason", "run", CMOCKA.format(said="")),
    ("cmocka loses a case", "run", CMOCKA.format(said="skipped: x\n").replace("[       OK ] three\n", "")),
    ("ctest without a reason", "notrun", ""),
    ("ctest disables", "disabled", ""),
])
def test_a_hidden_skip_fails(tmp_path, name, status, output):
    code, lines = summarize(tmp_path, (name, status, output))
    assert code == 1 and any(line.startswith("HIDDEN SKIP  ") for line in lines), lines


@pytest.mark.parametrize("output, failed", [
    ("1 failed, 2 passed in 0.5s\n", 1),
    ("2 failed, 1 error in 0.5s\n", 3),
    ("Segmentation fault\n", 1),
    ("4 passed in 0.5s\n", 1),  # and then a sanitizer ended it
    ("[==========] Running 1 test(s).\n[ RUN      ] one\n", 1),
])
def test_failures_are_told(tmp_path, output, failed):
    code, lines = summarize(tmp_path, ("x", "fail", output))
    assert code == 1 and f" {failed} failed, 0 skipped" in lines[-1], lines


def test_a_stage_without_a_reason_fails(tmp_path):
    assert summarize(tmp_path, stages="coverage\n")[0] == 1


SHORT_OF_TIME = "FAILED tests/e2e/test_x.py::test_y - AssertionError\n1 failed, 4 passed in 0.5s\n"


def test_what_passes_alone_is_counted_and_named(tmp_path):
    code, lines = summarize(tmp_path, ("e2e.x", "fail", SHORT_OF_TIME), ("e2e.z", "run", "2 passed in 0.5s\n"),
                            alone=[("e2e.x", "run", "5 passed in 0.5s\n")])
    assert code == 0 and lines == [
        "UNSTEADY  tests/e2e/test_x.py::test_y (dev): failed beside other tests, passed alone",
        "7 passed, 0 failed, 0 skipped"]


@pytest.mark.parametrize("first, again", [
    (SHORT_OF_TIME, ("fail", SHORT_OF_TIME)),
    ("ERROR: AddressSanitizer: heap-use-after-free\n" + SHORT_OF_TIME, ("run", "5 passed in 0.5s\n")),
    ("x.c:5:3: runtime error: shift exponent 70\n" + SHORT_OF_TIME, ("run", "5 passed in 0.5s\n")),
    ("Segmentation fault\n" + SHORT_OF_TIME, ("run", "5 passed in 0.5s\n")),
    ("5 passed in 0.5s\n", ("run", "5 passed in 0.5s\n")),  # and then a sanitizer ended it
    ("[==========] Running 1 test(s).\n[ RUN      ] one\n", ("run", CMOCKA.format(said="skipped: x\n"))),
    ("Segmentation fault\n", ("run", "")),
])
def test_nothing_else_is_forgiven(tmp_path, first, again):
    code, lines = summarize(tmp_path, ("x", "fail", first), alone=[("x", *again)])
    assert code == 1 and any(line.startswith("FAILED  x (dev)") for line in lines), lines
