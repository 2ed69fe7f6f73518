# SPDX-License-Identifier: Apache-2.0
"""A stream has no end, and silence ends it after a minute; but only once it had begun. Before a server that takes connections and
says nothing, `audit tail` waited for five minutes, whatever --timeout said."""
import json
import socket
import subprocess
import time

import pytest

from command import CHANCERY

SECONDS = 2


@pytest.fixture(name="silent")
def _silent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("argv", [["audit", "tail"], ["audit", "export", "--start", "2026-01-01"], ["whoami"]], ids=" ".join)
def test_connecting_has_its_time(silent, tmp_path, argv):
    profile = tmp_path / "profile.yaml"
    profile.write_text(json.dumps({"server": silent}))
    began = time.monotonic()
    done = subprocess.run([CHANCERY, *argv, "--profile", profile, "--timeout", str(SECONDS)], capture_output=True, text=True,
                          check=False, timeout=50)
    assert done.returncode == 1 and "AUTHORITY_UNREACHABLE" in done.stderr, done
    assert time.monotonic() - began >= SECONDS
