# SPDX-License-Identifier: Apache-2.0
"""The command line of people: `chancery` with a profile each, in the authority's folder."""
import json
import os
import subprocess

from authority import BUILD

CHANCERY = f"{BUILD}/cli/chancery"
SAMPLE = f"{os.path.dirname(os.path.abspath(__file__))}/../../deploy/sample-mail.eml"


def profile(world, name, **fields):
    """Write the profile NAME.yaml."""
    folder = world.a.folder
    world.a.write(f"{name}.yaml", json.dumps({"server": f"https://{world.a.address}", "ca_file": f"{folder}/server.pem",
                                              **fields}).encode())


def with_certificate(world, name, identity):
    """The profile of a component."""
    world.a.write(f"{name}.pem", identity.certificate)
    world.a.write(f"{name}.key", identity.key)
    profile(world, name, certificate_file=f"{world.a.folder}/{name}.pem", key_file=f"{world.a.folder}/{name}.key")


def with_token(world, name, token):
    """The profile of a user."""
    world.a.write(f"{name}.token", token.encode() + b"\n")
    profile(world, name, token_file=f"{world.a.folder}/{name}.token")


def run(world, command, who, *arguments, expect=0, **more):
    """Run `chancery COMMAND` as somebody who has a profile."""
    done = subprocess.run([CHANCERY, *command.split(), "--profile", f"{world.a.folder}/{who}.yaml", *arguments],
                          capture_output=True, text=True, timeout=280, check=False, **more)
    assert done.returncode == expect, (done.returncode, done.stdout, done.stderr)
    return done


def rows(printed):
    """The rows of a table that a command has printed, without the heading that it must have."""
    heading, *lines = printed.splitlines() or [""]
    assert bool(heading) == bool(lines) and heading == heading.upper(), printed
    return lines


def protect(world, source, target, *more):
    """As the gateway `edge`, for Bob; the content's id."""
    return run(world, "protect", "edge", "--do-not-forward", "--owner", "alice@contoso.com", "--recipient",
               "bob@fabrikam.com", *more, source, target).stdout.strip()


def same(one, other):
    with open(one, "rb") as first, open(other, "rb") as second:
        return first.read() == second.read()
