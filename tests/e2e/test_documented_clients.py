# SPDX-License-Identifier: Apache-2.0
"""The clients in Python and Node of docs/clients.md do what the page says; tests/interop has those in Go, Java and C#."""
import os
import shutil
import sys

import pytest

from documented import ROOT, check, environment, node_at_its_address, program, python_folder, run


@pytest.fixture(scope="module")
def node(world):
    with node_at_its_address(world) as node:
        yield node


def run_python(world, node, folder, text):
    env = environment(world, node, PYTHONPATH=python_folder(folder, text))
    return run([sys.executable, "client.py"], cwd=folder, env=env)


def test_python(world, node, tmp_path):
    check(world, run_python(world, node, tmp_path, program("Python", "python")))


def test_a_batch(world, node, tmp_path):
    printed = run_python(world, node, tmp_path, program("Python", "python") + program("Batches", "python")).splitlines()
    assert [line.split()[0] for line in printed[4:]] == ["content", "refused", "content"]
    assert printed[5] == "refused FIELD_INVALID"


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
def test_node(world, node, tmp_path):
    (tmp_path / "client.js").write_text(program("Node", "js"), encoding="utf-8")
    os.symlink(f"{ROOT}/tests/e2e/js/node_modules", tmp_path / "node_modules")
    check(world, run(["node", "client.js"], cwd=tmp_path, env=environment(world, node, PROTOS=ROOT)))


def test_curl(world, node, tmp_path):
    """By hand, so without unwrapping the key."""
    (tmp_path / "client.sh").write_text(program("curl", "bash"), encoding="utf-8")
    content, rights, refused = run(["bash", "client.sh"], cwd=tmp_path, env=environment(world, node)).splitlines()
    assert content.startswith("content ") and {"RIGHT_VIEW", "RIGHT_REPLY"} <= set(rights.split())
    assert refused == "refused permission_denied: You have no rights to this content."
