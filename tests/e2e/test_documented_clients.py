# SPDX-License-Identifier: Apache-2.0
"""The clients in Python and Node of docs/clients.md do what the page says; tests/interop has those in Go and Java."""
import os
import shutil
import sys

import pytest

from documented import INCLUDE, PUBLIC, ROOT, check, environment, node_at_its_address, program, run

OTHERS = [f"google/{name}.proto" for name in ("api/field_behavior", "rpc/status", "rpc/error_details")]


@pytest.fixture(scope="module")
def node(world):
    with node_at_its_address(world) as node:
        yield node


def test_python(world, node, tmp_path):
    run(["protoc", *INCLUDE, f"--python_out={tmp_path}", *PUBLIC, *OTHERS])
    (tmp_path / "client.py").write_text(program("Python", "python"), encoding="utf-8")
    # Debian has `google` as a package and not as a namespace, which those of others extend.
    (tmp_path / "sitecustomize.py").write_text("import google\ngoogle.__path__.append(r'%s')\n" % (tmp_path / "google"),
                                               encoding="utf-8")
    check(world, run([sys.executable, "client.py"], cwd=tmp_path, env=environment(world, node, PYTHONPATH=str(tmp_path))))


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
def test_node(world, node, tmp_path):
    (tmp_path / "client.js").write_text(program("Node", "js"), encoding="utf-8")
    os.symlink(f"{ROOT}/tests/e2e/js/node_modules", tmp_path / "node_modules")
    check(world, run(["node", "client.js"], cwd=tmp_path, env=environment(world, node, PROTOS=ROOT)))
