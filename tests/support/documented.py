# SPDX-License-Identifier: Apache-2.0
"""The clients of docs/clients.md, as they stand there, and an authority that they find under its own address."""
import contextlib
import os
import re
import socket
import subprocess

ROOT = os.path.realpath(f"{os.path.dirname(__file__)}/../..")
INCLUDE = [f"-I{ROOT}/proto", f"-I{ROOT}/third_party"]
OTHERS = [f"google/{name}.proto" for name in ("api/field_behavior", "rpc/status", "rpc/error_details")]
PUBLIC = [f"chancery/v1/{name}" for name in sorted(os.listdir(f"{ROOT}/proto/chancery/v1"))]


def program(heading, language, page="clients", level=2):
    """The code in a language below a heading of a document."""
    with open(f"{ROOT}/docs/{page}.md", encoding="utf-8") as file:
        section = re.search(rf"^{'#' * level} {heading}\n(.*?)(?=^#{{2,{level}}} |\Z)", file.read(), re.M | re.S).group(1)
    code, = re.findall(rf"^```{language}\n(.*?)^```", section, re.M | re.S)
    return code


def run(argv, **more):
    """What a program prints; the test fails by what it says when it fails."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False, **more)
    assert done.returncode == 0, f"{argv[0]}: {done.stdout}{done.stderr}"
    return done.stdout


def python_folder(folder, text):
    """Make a program in Python, client.py, with what it imports; the path of the folder."""
    run(["protoc", *INCLUDE, f"--python_out={folder}", *PUBLIC, *OTHERS])
    (folder / "client.py").write_text(text, encoding="utf-8")
    # Debian has `google` as a package and not as a namespace, which those of others extend.
    (folder / "sitecustomize.py").write_text("import google\ngoogle.__path__.append(r'%s')\n" % (folder / "google"),
                                             encoding="utf-8")
    return str(folder)


@contextlib.contextmanager
def node_at_its_address(world, env=None):
    """A node of the world whose authority_url is where it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    tls, *others = world.a.config["listeners"]
    node = world.a.node(env=env, listeners=[{**tls, "address": address}, *others], authority_url=f"https://{address}", workers=1)
    node.start()
    try:
        yield node
    finally:
        node.process.terminate()
        assert node.process.wait(timeout=20) == 0


def environment(world, node, **more):
    """What the page says that a client is told by."""
    tokens = {"ALICE": world.alice, "BOB": world.bob, "EVE": world.fabrikam.token("eve")}
    for name, token in tokens.items():
        node.write(name, token.encode())
    return {**os.environ, "CHANCERY": node.address, "CHANCERY_CA": f"{node.folder}/server.pem",
            **{name: f"{node.folder}/{name}" for name in tokens}, **more}


def check(world, printed):
    """The four lines, and that the record has what they say."""
    content, rights, key, refused = (line.partition(" ") for line in printed.splitlines())
    assert (content[0], rights[0]) == ("content", "rights")
    assert set(rights[2].split()) >= {"RIGHT_VIEW", "RIGHT_REPLY"}
    assert "".join(key) == "same key True" or "".join(key) == "same key true"
    assert "".join(refused) == "refused NO_RIGHTS"
    events = world.audit(tenant="contoso", content_id=content[2])
    assert [(event.operation, event.granted, event.user) for event in events] == [
        ("acquire_license", False, "eve@fabrikam.com"), ("acquire_license", True, "bob@fabrikam.com"),
        ("protect", True, "alice@contoso.com")]
