# SPDX-License-Identifier: Apache-2.0
"""The client in Go of docs/clients.md, with the libraries that go.mod pins: from Go's cache, or else from its proxy."""
import os
import shutil
import subprocess

import pytest

from documented import INCLUDE, PUBLIC, ROOT, check, environment, node_at_its_address, program, run

PINNED = f"{ROOT}/tests/interop/go"
PLUGINS = ("google.golang.org/protobuf/cmd/protoc-gen-go", "google.golang.org/grpc/cmd/protoc-gen-go-grpc")
OPTION = "module=org.chancery/proto"
GO = {**os.environ, "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "GOWORK": "off"}


def missing():
    """What keeps these tests from running; "" if nothing does."""
    if not shutil.which("go"):
        return "Go is not installed"
    done = subprocess.run(["go", "mod", "download"], cwd=PINNED, env=GO, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"Go can't load its libraries: {done.stderr.strip()[:200]}"


MISSING = missing()
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture(name="folder", scope="module")
def fixture_folder(tmp_path_factory):
    """A module with what protoc makes of our files."""
    folder = tmp_path_factory.mktemp("go")
    for name in ("go.mod", "go.sum"):
        shutil.copy(f"{PINNED}/{name}", folder)
    run(["go", "build", "-o", f"{folder}/bin/", *PLUGINS], cwd=folder, env=GO)
    run(["protoc", *INCLUDE, f"--go_out={folder}", f"--go_opt={OPTION}", f"--go-grpc_out={folder}",
         f"--go-grpc_opt={OPTION}", *PUBLIC], env={**GO, "PATH": f"{folder}/bin:{GO['PATH']}"})
    return folder


def build(folder, name, code):
    (folder / name).mkdir()
    (folder / name / "main.go").write_text(code, encoding="utf-8")
    for verb in (["vet"], ["build", "-o", f"{folder}/bin/"]):
        run(["go", *verb, f"example/{name}"], cwd=folder, env=GO)
    return f"{folder}/bin/{name}"


def test_go(world, folder):
    client = build(folder, "client", program("Go", "go"))
    with node_at_its_address(world) as node:
        check(world, run([client], env=environment(world, node)))


REGISTERED = """package main

import (
	"fmt"

	chancery "example/chancery/v1"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
)

func main() {
	reflection.Register(grpc.NewServer())
	fmt.Println(chancery.Right_RIGHT_VIEW, &errdetails.ErrorInfo{Reason: "X", Metadata: map[string]string{"a": "b"}},
		grpc_health_v1.HealthCheckResponse_SERVING)
}
"""


def test_a_program_with_health_and_reflection_panicked(folder):
    """Two files of one name in one program: "already registered"."""
    assert run([build(folder, "registered", REGISTERED)]).startswith("RIGHT_VIEW")
