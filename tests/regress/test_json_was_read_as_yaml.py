# SPDX-License-Identifier: Apache-2.0
"""A line of an import file is JSON, and was read as YAML, which knows no pairs of escapes: people with an emoji or a rare
ideograph in their name were "not YAML", if whoever wrote the file escapes what is not ASCII, as most do."""
import json

import pytest

from command import run, with_certificate

NAMES = ["Bob 😀", "𠮷野家", "😀😀", "\\ud83d\\ude00", "a\\", "ü/\\/", "\U0010ffff", "😀\\n"]


@pytest.fixture(scope="module")
def world(world):
    with_certificate(world, "contoso-admin", world.contoso.admin)
    return world


@pytest.mark.parametrize("is_ascii", [True, False])
def test_a_name_beyond_two_bytes(world, is_ascii):
    users = [{"address": f"json{at}@contoso.com", "display_name": name} for at, name in enumerate(NAMES)]
    lines = "".join(json.dumps({"users": [user]}, ensure_ascii=is_ascii) + "\n" for user in users)
    world.a.write("people.jsonl", lines.encode())
    run(world, "directory import", "contoso-admin", f"{world.a.folder}/people.jsonl")
    told = run(world, "directory list", "contoso-admin", "users", "-o", "json").stdout
    names = {user["address"]: user.get("displayName", "") for user in map(json.loads, told.splitlines())}
    assert [names[user["address"]] for user in users] == NAMES


def test_a_template_of_json(world):
    world.a.write("template.json", json.dumps({"names": [{"language": "en", "text": "Secret 🔒"}],
                                               "grants": [{"principals": ["tenant:contoso"], "rights": ["VIEW"]}]}).encode())
    done = run(world, "template create", "contoso-admin", "-f", f"{world.a.folder}/template.json")
    assert "Secret 🔒" in run(world, "template list", "contoso-admin").stdout and done.stdout


@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00", "\\ud83dx", "\\ude00\\ud83d"])
def test_half_a_pair_is_none(world, half):
    world.a.write("half.jsonl", ('{"users": [{"address": "half@contoso.com", "display_name": "%s"}]}\n' % half).encode())
    done = run(world, "directory import", "contoso-admin", f"{world.a.folder}/half.jsonl", expect=1)
    assert "INPUT_INVALID" in done.stderr and "line 1" in done.stderr
