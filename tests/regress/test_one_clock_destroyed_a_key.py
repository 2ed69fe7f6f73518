# SPDX-License-Identifier: Apache-2.0
"""Nothing undoes the destruction of a key, and one clock that was wrong could bring it about: the database's. What is due is so by
the node's clock too."""
import os
import signal

import pytest

from build_kind import is_sanitized
from waiting import eventually

pytestmark = pytest.mark.skipif(is_sanitized(), reason="libfaketime does not go with AddressSanitizer")

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
BEHIND_S = 1800  # the node's clock is right, and the database's is ahead
DESTROYED, REVOKED = "4", "3"


@pytest.fixture(scope="module")
def authority_options():
    library = os.environ.get("CHANCERY_FAKETIME", LIBRARY)
    assert os.path.exists(library), "install Debian's faketime: scripts/install-deps test"
    return {"workers": 1, "env": {"LD_PRELOAD": library, "FAKETIME": f"-{BEHIND_S}", "DONT_FAKE_MONOTONIC": "1",
                                  "FAKETIME_DONT_FAKE_MONOTONIC": "1"}}


def test_what_is_due_by_one_clock_waits(world):
    def key(version):
        return f"tenant = '{world.contoso.id}' AND purpose = 1 AND version = {version}"

    def due_since(version, minutes):
        world.sql(f"UPDATE tenant_key SET destroy_at = now() - interval '{minutes} minutes' WHERE {key(version)}")
        world.a.process.send_signal(signal.SIGHUP)  # new workers look at once

    for version in (1, 2, 3):
        world.call("KeyService/RotateKey", {"purpose": 1}, world.contoso.admin)
        world.call("KeyService/DestroyKey", {"purpose": 1, "version": version, "reason": "x"}, world.contoso.admin)
    due_since(1, 10)
    for version in (2, 3):  # each time the node has looked at what is due
        due_since(version, 120)
        eventually(lambda: world.sql(f"SELECT state FROM tenant_key WHERE {key(version)}") == DESTROYED,  # pylint: disable=W0640
                   "it is destroyed", 60)
    assert world.sql(f"SELECT state FROM tenant_key WHERE {key(1)}") == REVOKED
    due_since(1, 40)
    eventually(lambda: world.sql(f"SELECT state FROM tenant_key WHERE {key(1)}") == DESTROYED, "it is due by both", 60)
