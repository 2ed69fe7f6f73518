# SPDX-License-Identifier: Apache-2.0
"""Connect-Web in a real browser: a page of an origin that may call opens content over Connect and gRPC-Web, and reads why it
may not; the same page of another origin gets nothing."""
import base64
import json
import os

import pytest

from authority import BUILD
from browser import CHROMIUM, Pages, opened

HERE = os.path.dirname(os.path.abspath(__file__))
SERVING = 1

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: chromium)")


@pytest.fixture(scope="module")
def files():
    return {}


@pytest.fixture(scope="module")
def site(files):
    with open(f"{HERE}/js/page.html", "rb") as page, open(f"{BUILD}/proto/gen/chancery.binpb", "rb") as descriptors:
        files.update({"/page.html": page.read(), "/chancery.binpb": descriptors.read()})
    server = Pages(files, {"/node_modules/": os.path.realpath(f"{HERE}/js/node_modules")})
    yield server
    server.close()


@pytest.fixture(scope="module")
def authority_options(site):
    return {"config": {"cors_origins": [f"http://localhost:{site.port}"]}}


@pytest.fixture(scope="module")
def made(world, files):
    made = world.protect()
    files["/told.json"] = json.dumps({
        "authority": f"https://{world.a.address}", "license": base64.b64encode(made.publishing_license).decode(),
        "jwk": world.reader.public, "token": world.bob, "other": world.fabrikam.token("eve")}).encode()
    return made


def test_a_page_opens_content(world, made, site):
    said = json.loads(opened(f"http://localhost:{site.port}/page.html", site))
    assert "error" not in said, said["error"]
    for way in ("json", "proto", "web"):
        claims, key = world.a.verify(said[way]["license"], world.reader)
        assert claims["cid"] == made.content_id and len(key) == 32
        assert (said[way]["code"], said[way]["reason"]) == ("PermissionDenied", "NO_RIGHTS")
        assert said[way]["watched"][0] == SERVING


def test_a_page_of_another_origin_gets_nothing(world, made, site):
    assert made.content_id
    before = len(world.a.logged("call.done"))
    said = json.loads(opened(f"http://127.0.0.1:{site.port}/page.html", site))
    assert "Failed to fetch" in said["error"] and "json" not in said
    assert len(world.a.logged("call.done")) == before
