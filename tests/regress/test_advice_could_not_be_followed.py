# SPDX-License-Identifier: Apache-2.0
"""What a command advises is what helps. `chancery context use NAME` was the advice for a file `current` that names nothing, and
failed for the same reason; so did list, by which a name is found, and add."""
import json
import os
import subprocess

import pytest

from command import CHANCERY

FAILED = 1


@pytest.fixture(name="chancery")
def _chancery(tmp_path):
    kept = {name: value for name, value in os.environ.items() if name not in ("CHANCERY_PROFILE", "XDG_CONFIG_HOME")}

    def run(*argv, expect=0):
        done = subprocess.run([CHANCERY, *argv], capture_output=True, text=True, check=False, timeout=60,
                              env={**kept, "HOME": str(tmp_path)})
        assert done.returncode == expect, (argv, done.stdout, done.stderr)
        return done
    run.current = tmp_path / ".config/chancery/current"
    run("context", "add", "one", "--server", "https://one.example")
    return run


@pytest.mark.parametrize("text", ["../../x\n", "a b", "one\ntwo\n", "\0"])
def test_what_is_current_can_be_said_anew(chancery, text):
    chancery.current.write_text(text)
    assert "chancery context use NAME" in chancery("context", "show", expect=FAILED).stderr
    listed = json.loads(chancery("context", "list", "-o", "json").stdout)["contexts"]
    assert [(one["name"], one.get("current", False)) for one in listed] == [("one", False)]
    chancery("context", "use", "one")
    assert "https://one.example" in chancery("context", "show").stdout


def test_a_new_one_can_be_made(chancery):
    chancery.current.write_text("no name")
    chancery("context", "add", "two", "--server", "https://two.example", expect=FAILED)
    assert "two" not in chancery("context", "list").stdout  # what failed has left nothing
    chancery("context", "add", "two", "--server", "https://two.example", "--use")
    assert "https://two.example" in chancery("context", "show").stdout


def test_a_link_to_nothing_can_be_removed(chancery):
    """It was listed, and there was no such context; did you mean just that?"""
    link = chancery.current.parent / "contexts/lost.yaml"
    link.symlink_to("/nowhere")
    assert "/nowhere" not in chancery("whoami", "--profile", "lost", expect=FAILED).stderr
    assert "did you mean" not in chancery("context", "show", "lost", expect=FAILED).stderr
    assert "there is a context lost already" in chancery("context", "add", "lost", "--server", "https://x.example", expect=FAILED).stderr
    chancery("context", "remove", "lost")
    assert not link.is_symlink() and "lost" not in chancery("context", "list").stdout


def test_what_no_profile_can_name(chancery, tmp_path):
    """A name that is not UTF-8 was kept as another one, so the context was made and never worked."""
    token = os.fsencode(tmp_path) + b"/\xff.token"
    with open(token, "w", encoding="ascii") as file:
        file.write("x\n")
    told = chancery("context", "add", "two", "--server", "https://two.example", "--token", os.fsdecode(token), expect=FAILED).stderr
    assert "not UTF-8" in told and "two" not in chancery("context", "list").stdout
