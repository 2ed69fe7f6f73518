# SPDX-License-Identifier: Apache-2.0
"""The gateway of examples/milter takes protection off a mail with a header that is none."""
import time

import pytest

from command import run
from test_milter import (WHY_NOT, arrived, faults, inner, mail_of, node, opened, rules, send, sink,  # noqa: F401  pylint: disable=W0611
                         template)

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")
# pylint: disable=W0621


def test_what_an_mta_would_change_stays_protected(world, inner, node, sink):
    """It waited for ever."""
    component = world.sql(f"SELECT component FROM component WHERE name = '{world.gateway.name}'")
    world.call("TenantService/GrantSuperUser", {
        "principal": f"component:{component}", "reason": "journal", "expire_time": {"seconds": int(time.time()) + 3600}},
        world.contoso.admin)
    plain = mail_of().replace(b"\r\n\r\n", b"\r\nthis is no field\r\n\r\n", 1)
    node.write("odd.eml", plain)
    node.write("off.yaml", (f'server: "https://{node.address}"\nca_file: "{node.folder}/server.pem"\n'
                            f'certificate_file: "{node.folder}/gateway.pem"\nkey_file: "{node.folder}/gateway.key"\n').encode())

    class There:
        a = node
    run(There, "protect", "off", "--do-not-forward", "--owner", "alice@contoso.com", "--recipient", "bob@fabrikam.com",
        f"{node.folder}/odd.eml", f"{node.folder}/odd.wrapped")
    with open(f"{node.folder}/odd.wrapped", "rb") as file:
        wrapper = file.read()
    send(inner[1], wrapper, "x@inner.example")
    (_, kept), = arrived(sink, wrapper)
    assert b"Secret" not in kept and inner[0].said("its header can't be handed on")
    assert opened(world, node, kept) == plain
