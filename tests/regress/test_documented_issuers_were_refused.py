# SPDX-License-Identifier: Apache-2.0
"""The registrations of identity providers that docs/install.md shows are those that the authority takes. Only the first one is
carried out with the document's commands; that of Google had no boundary."""
import os
import re

import pytest

from command import run, with_certificate

ROOT = f"{os.path.dirname(os.path.abspath(__file__))}/../.."
with open(f"{ROOT}/docs/install.md", encoding="utf-8") as _file:
    SHOWN = re.findall(r"^kind: .*?(?=^YAML$|^```$)", _file.read(), re.M | re.S)


@pytest.mark.parametrize("text", SHOWN, ids=[re.search(r"^issuer: (\S+)", text, re.M)[1] for text in SHOWN])
def test_what_is_shown_is_taken(world, text):
    assert {"MULTI_TENANT", "TENANT", "CONSUMER"} == {re.match(r"kind: (\w+)", one)[1] for one in SHOWN}
    assert world.contoso.admin
    with_certificate(world, "platform", world.platform_admin)
    world.a.write("issuer.yaml", text.encode())
    assert len(run(world, "issuer create", "platform", "-f", f"{world.a.folder}/issuer.yaml").stdout.strip()) == 36
