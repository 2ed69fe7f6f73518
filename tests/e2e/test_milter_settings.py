# SPDX-License-Identifier: Apache-2.0
"""The gateway's file: what is wrong in it is told before any mail comes."""
import os
import subprocess

import pytest

from authority import Identity
from milter import MILTER, Milter

pytestmark = pytest.mark.skipif(not os.path.exists(MILTER), reason="libmilter-dev was not there when this was built")


@pytest.mark.parametrize("line, words", [
    ("rule any pass", "chancery rule create"), ("domain a..b", "no domain"), ("language a\nlanguage b\nlanguage c\nlanguage d", "4 languages"),
    ("other_senders burn", "pass or ask"), ('language "x', "quotation mark"), ("mail_mib 65", "no number"), ("mail_mib x", "no number"),
    ("server https://other", "said twice"), ("mode on", "before-scan"), ("colour red", "no such setting"), ("offline_hours 0", "no number"), ("offline_hours 169", "no number")])
def test_a_wrong_line_is_told_by_its_number(tmp_path, line, words):
    component = Identity("mx1")
    for name, text in (("gateway.pem", component.certificate), ("gateway.key", component.key), ("server.pem", component.certificate)):
        (tmp_path / name).write_bytes(text)
    settings = Milter(tmp_path, 8892, server="https://rms.example.org").settings
    with open(settings, encoding="utf-8") as file:
        text = file.read()
    (tmp_path / "wrong.conf").write_text(f"{text}\n{line}\n", encoding="utf-8")
    done = subprocess.run([MILTER, "--check", tmp_path / "wrong.conf"], capture_output=True, text=True, check=False)
    number = text.count("\n") + 2 + line.count("\n")
    assert done.returncode == 1 and f"wrong.conf:{number}: " in done.stderr and words in done.stderr
    assert subprocess.run([MILTER, "--check", settings], check=False).returncode == 0


def test_what_is_missing_is_told(tmp_path):
    (tmp_path / "empty.conf").write_text("# nothing\n", encoding="utf-8")
    done = subprocess.run([MILTER, "--check", tmp_path / "empty.conf"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "listen is missing" in done.stderr
