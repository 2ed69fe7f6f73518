# SPDX-License-Identifier: Apache-2.0
"""The client in Java of docs/clients.md, with the libraries that java/pom.xml pins: from Maven's cache, or else from its
registry."""
import os
import shutil
import subprocess

import pytest

from documented import INCLUDE, PUBLIC, ROOT, check, environment, node_at_its_address, program, run

POM = f"{ROOT}/tests/interop/java/pom.xml"
PROGRAMS = [name for name in ("java", "javac", "mvn") if not shutil.which(name)]

pytestmark = pytest.mark.skipif(bool(PROGRAMS), reason=f"not installed: {', '.join(PROGRAMS)}")


@pytest.fixture(name="libraries", scope="module")
def fixture_libraries(tmp_path_factory):
    folder = tmp_path_factory.mktemp("java")
    done = subprocess.run(["mvn", "-q", "-B", "-f", POM, "dependency:copy-dependencies", f"-DoutputDirectory={folder}"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"Maven can't load the libraries: {done.stdout.strip()[:200]}")
    return folder


def test_java(world, libraries, tmp_path):
    source, classes = tmp_path / "src", tmp_path / "classes"
    source.mkdir()
    plugin = str(next(libraries.glob("protoc-gen-grpc-java-*.exe")))
    os.chmod(plugin, 0o755)
    run(["protoc", *INCLUDE, f"--java_out={source}", f"--grpc_out={source}", "--grpc_opt=@generated=omit",
         f"--plugin=protoc-gen-grpc={plugin}", *PUBLIC])
    (source / "Client.java").write_text(program("Java", "java"), encoding="utf-8")
    run(["javac", "-nowarn", "-proc:none", "-cp", f"{libraries}/*", "-sourcepath", str(source), "-d", str(classes),
         f"{source}/Client.java"])
    with node_at_its_address(world) as node:
        check(world, run(["java", "-cp", f"{classes}:{libraries}/*", "Client"], env=environment(world, node)))
