# SPDX-License-Identifier: Apache-2.0
"""The portal of docs/clients.md does what the page says, with a real SMTP server between."""
import subprocess
import sys

import pytest

from documented import environment, node_at_its_address, program, python_folder
from mail_relay import authority_options, relay  # noqa: F401  pylint: disable=W0611
from smtp_server import parse_code


def test_a_reader_without_an_account_reads_and_replies(world, relay, tmp_path):
    text = program("Python", "python") + program("A portal", "python")
    with node_at_its_address(world) as node:
        node.write("portal.key", world.portal.key)
        node.write("portal.pem", world.portal.certificate)
        env = environment(world, node, PYTHONPATH=python_folder(tmp_path, text), PORTAL_KEY=f"{node.folder}/portal.key",
                          PORTAL_CERTIFICATE=f"{node.folder}/portal.pem")
        with subprocess.Popen([sys.executable, "client.py"], cwd=tmp_path, env=env, text=True, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as portal:
            printed = [portal.stdout.readline() for _ in range(5)]
            code, reference = parse_code(relay.wait_for("kim@mail.example"))
            assert printed[4] == f"reference {reference}\n"
            rest, _ = portal.communicate(code + "\n", timeout=60)
    reads, reply, sender = rest.splitlines()
    assert portal.returncode == 0 and (reads, sender) == ("reads True", "alice reads it True")
    content = world.sql(f"SELECT display_name, owner, answered_by FROM content WHERE content = '{reply.split()[1]}'")
    assert content == "Re: Offer|alice@contoso.com|kim@mail.example"
