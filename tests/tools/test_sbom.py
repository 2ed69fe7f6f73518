# SPDX-License-Identifier: Apache-2.0
"""scripts/sbom names every package that the programs load, in the structure of CycloneDX 1.5, with the same bytes
each time."""
import datetime
import json
import os
import re
import subprocess

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.environ["CHANCERY_BUILD"]
PROGRAMS = {"chanceryd": f"{BUILD}/server/daemon/chanceryd", "chancery": f"{BUILD}/cli/chancery"}
PURL = re.compile(r"pkg:deb/\w+/[a-z0-9.+-]+@[\w.:~%-]+\?arch=\w+&distro=\w+-[\w.]+")


def write(epoch=None):
    env = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    if epoch is not None:
        env["SOURCE_DATE_EPOCH"] = str(epoch)
    return subprocess.run([f"{ROOT}/scripts/sbom", BUILD], capture_output=True, text=True, check=True, env=env).stdout


@pytest.fixture(name="bom", scope="module")
def fixture_bom():
    return json.loads(write())


def test_its_head_is_cyclonedx(bom):
    assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                        bom["serialNumber"])
    assert set(bom) <= {"$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components",
                        "dependencies"}
    assert bom["metadata"]["component"]["version"] == bom["components"][0]["version"]


def test_components_are_whole(bom):
    for component in bom["components"]:
        assert component["type"] in ("application", "library") and component["name"] and component["version"], component
        for choice in component.get("licenses", []):
            assert set(choice) == {"license"} and len(choice["license"]) == 1, component
        if component["type"] == "library":
            assert PURL.fullmatch(component["purl"]) and component["purl"] == component["bom-ref"], component
            assert f"/{component['name']}@" in component["purl"]
    licensed = [component for component in bom["components"] if component.get("licenses")]
    assert len(licensed) > len(bom["components"]) / 2  # most of Debian's copyright files are machine readable


def test_the_graph_is_closed(bom):
    refs = [component["bom-ref"] for component in [bom["metadata"]["component"], *bom["components"]]]
    assert len(refs) == len(set(refs))
    graph = {entry["ref"]: entry["dependsOn"] for entry in bom["dependencies"]}
    assert sorted(graph) == sorted(refs)
    reached, todo = set(), [bom["metadata"]["component"]["bom-ref"]]
    while todo:
        ref = todo.pop()
        if ref not in reached:
            reached.add(ref)
            todo += graph[ref]
    assert reached == set(refs)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_library_is_there(bom, program):
    """Asked of the loader another way than the script does, with versions from Debian's database."""
    text = subprocess.run([PROGRAMS[program]], env={"LD_TRACE_LOADED_OBJECTS": "1"}, capture_output=True, text=True,
                          check=True).stdout
    versions = {(component["name"], component["version"]) for component in bom["components"]}
    libraries = re.findall(r"=> (/\S+)", text)
    assert len(libraries) > 10
    paths = {path: library for library in libraries
             for path in (os.path.realpath(library), os.path.realpath(library).removeprefix("/usr"))}
    owners = re.findall(r"^(\S+): (\S+)$", subprocess.run(["dpkg", "-S", *paths], capture_output=True, text=True,
                                                         check=False).stdout, re.M)
    assert {paths[path] for _, path in owners} == set(libraries)
    for owner, _ in owners:
        found = subprocess.run(["dpkg-query", "-W", "-f=${Package}\t${Version}", owner], capture_output=True, text=True,
                               check=True).stdout
        assert tuple(found.split("\t")) in versions, owner


def test_the_programs_are_these(bom):
    for component in bom["components"][:2]:
        digest = subprocess.run(["sha256sum", PROGRAMS[component["name"]]], capture_output=True, text=True,
                                check=True).stdout.split()[0]
        assert component["hashes"] == [{"alg": "SHA-256", "content": digest}]


def test_the_same_build_gives_the_same_bytes():
    when = 1700000000
    first = write(when)
    assert first == write(when)
    stamp = json.loads(first)["metadata"]["timestamp"]
    assert datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() == when
    assert "timestamp" not in json.loads(write())["metadata"]
