# SPDX-License-Identifier: Apache-2.0
"""chancery issuer create --discover: what a provider says of itself is taken over, and only from the issuer itself."""
import json
import os
import tempfile

import pytest

from command import run, with_certificate
from jwks_server import make_certificate, serve

FAILED, USAGE = 1, 2
OPENID, OAUTH = ".well-known/openid-configuration", ".well-known/oauth-authorization-server"


class Site:
    """A provider's HTTPS server, under a name that its certificate has."""

    def __init__(self, folder):
        self.folder = folder
        make_certificate(folder)
        self.ca_file = f"{folder}/ca.pem"
        self.origin = serve(folder).replace("127.0.0.1", "localhost")

    def put(self, path, document):
        """Serve a document: JSON, or a text as it stands."""
        os.makedirs(os.path.dirname(f"{self.folder}/{path}"), exist_ok=True)
        with open(f"{self.folder}/{path}", "w", encoding="utf-8") as file:
            file.write(document if isinstance(document, str) else json.dumps(document))

    def metadata(self, named, **more):
        said = {"issuer": named, "jwks_uri": f"{self.origin}/keys", "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"]}
        return {name: value for name, value in {**said, **more}.items() if value is not None}

    def realm(self, name, path=OPENID, **more):
        """Metadata of a realm; its issuer."""
        issuer = f"{self.origin}/{name}"
        self.put(f"{name}/{path}", self.metadata(issuer, **more))
        return issuer


@pytest.fixture(scope="module")
def site():
    with tempfile.TemporaryDirectory(prefix="chancery-discovery-") as folder:
        yield Site(folder)


@pytest.fixture(scope="module")
def world(world):
    with_certificate(world, "platform", world.platform_admin)
    with_certificate(world, "contoso", world.contoso.admin)
    return world


def create(world, site, url, *more, expect=0, who="platform"):
    return run(world, "issuer create", who, "--discover", url, "--issuer-ca", site.ca_file, *more, expect=expect)


def created(world, site, url, *more, where=()):
    identity = create(world, site, url, *more).stdout.strip()
    return json.loads(run(world, "issuer get", "platform", *where, identity).stdout)["issuer"]


def consumer(world, site, url, **options):
    return create(world, site, url, "--kind", "consumer", "--boundary", "commercial", "--audience", "cli", **options)


def test_an_issuer_from_what_it_says(world, site):
    issuer = created(world, site, site.realm("main"), "--kind", "consumer", "--boundary", "commercial", "--audience", "cli", "--audience", "app")
    assert issuer["issuer"] == f"{site.origin}/main" and issuer["jwksUrl"] == f"{site.origin}/keys"
    assert issuer["audiences"] == ["cli", "app"] and issuer["kind"] == "ISSUER_KIND_CONSUMER"
    assert issuer["algorithms"] == ["RS256", "ES256"]  # neither none nor what a shared secret signs


def test_by_the_address_of_its_metadata(world, site):
    issuer = site.realm("by-address")
    assert created(world, site, f"{issuer}/{OPENID}", "--kind", "consumer", "--boundary", "commercial",
                   "--audience", "cli")["issuer"] == issuer


def test_a_tenants_issuer_with_a_file(world, site):
    issuer = site.realm("contoso", id_token_signing_alg_values_supported=["ES384"])
    world.a.write("claims.yaml", b"claims: {address: mail, groups: roles}\nclock_skew_seconds: 7\n")
    made = created(world, site, issuer, "--tenant", "contoso", "--audience", "cli", "-f", f"{world.a.folder}/claims.yaml",
                   where=("--tenant", "contoso"))
    assert (made["kind"], made["tenant"], made["algorithms"]) == ("ISSUER_KIND_TENANT", "contoso", ["ES384"])
    assert made["claims"]["address"] == "mail" and made["clockSkewSeconds"] == 7


def test_what_the_file_says_holds(world, site):
    issuer = site.realm("with-file")
    world.a.write("whole.yaml", json.dumps({"kind": "CONSUMER", "boundary": "commercial", "audiences": ["a"], "algorithms": ["PS256"],
                                            "jwks_url": "https://keys.example/set"}).encode())
    made = created(world, site, issuer, "-f", f"{world.a.folder}/whole.yaml")
    assert (made["algorithms"], made["jwksUrl"]) == (["PS256"], "https://keys.example/set")
    world.a.write("other.yaml", b"issuer: https://other.example\naudiences: [a]\n")
    told = create(world, site, issuer, "-f", f"{world.a.folder}/other.yaml", expect=FAILED).stderr
    assert "https://other.example" in told and issuer in told


@pytest.mark.parametrize("asked", ["common", "organizations", "{tenantid}"])
def test_entra_answers_for_all_directories(world, site, asked):
    """As login.microsoftonline.com does: asked under common, it says {tenantid}."""
    cloud = f"{site.origin}/cloud-{asked.strip('{}')}"
    template = f"{cloud}/{{tenantid}}/v2.0"
    for served in ("common", "organizations"):
        site.put(f"cloud-{asked.strip('{}')}/{served}/v2.0/{OPENID}", site.metadata(template, id_token_signing_alg_values_supported=["RS256"]))
    made = created(world, site, f"{cloud}/{asked}/v2.0", "--boundary", "commercial", "--audience", "cli")
    assert (made["issuer"], made["kind"]) == (template, "ISSUER_KIND_MULTI_TENANT")


def test_rfc_8414_between_host_and_path(world, site):
    """Its document has no algorithms of ID tokens, so a file says them."""
    issuer = f"{site.origin}/oauth/realm"
    site.put(f"{OAUTH}/oauth/realm", site.metadata(issuer, id_token_signing_alg_values_supported=None))
    assert "names no algorithm" in consumer(world, site, issuer, expect=FAILED).stderr
    world.a.write("algorithms.yaml", b"algorithms: [EdDSA]\n")
    made = created(world, site, issuer, "--kind", "consumer", "--boundary", "commercial", "--audience", "a",
                   "-f", f"{world.a.folder}/algorithms.yaml")
    assert made["algorithms"] == ["EdDSA"]


@pytest.mark.parametrize("said", [{"issuer": "https://evil.example"}, {"issuer": None}, {"issuer": 7}, {"issuer": "{origin}/mismatch/"},
                                  {"issuer": "{origin}/{tenantid}"}])
def test_another_issuer_is_refused(world, site, said):
    if isinstance(said["issuer"], str):
        said = {"issuer": said["issuer"].replace("{origin}", site.origin)}
    issuer = site.realm("mismatch", **said)
    told = consumer(world, site, issuer, expect=FAILED).stderr
    assert "says that it is the issuer" in told and issuer in told


@pytest.mark.parametrize("said, words", [
    ({"jwks_uri": None}, "no jwks_uri"), ({"jwks_uri": "http://localhost/keys"}, "no jwks_uri"), ({"jwks_uri": ["https://x"]}, "no jwks_uri"),
    ({"jwks_uri": "https://x/" + "a" * 1100}, "no jwks_uri"),
    ({"id_token_signing_alg_values_supported": ["HS256"]}, "names no algorithm"), ({"id_token_signing_alg_values_supported": "RS256"}, "names no")])
def test_metadata_that_can_not_be_used(world, site, said, words):
    told = consumer(world, site, site.realm("broken", **said), expect=FAILED).stderr
    assert words in told and ("PROVIDER_INVALID" in told or words.startswith("names no"))


@pytest.mark.parametrize("text, words", [
    ("", "no JSON object"), ("[]", "no JSON object"), ("{", "no JSON object"), ("<html>", "no JSON object"),
    ('{"issuer": "a", "issuer": "b"}', "no JSON object"), ("[" * 3000, "no JSON object"), (" " * 300_000, "more than 256 KiB")],
    ids=["nothing", "a list", "half", "a page", "twice", "deep", "large"])
def test_answers_that_are_none(world, site, text, words):
    site.put(f"strange/{OPENID}", text)
    told = consumer(world, site, f"{site.origin}/strange", expect=FAILED).stderr
    assert words in told and "PROVIDER_INVALID" in told


def test_nobody_leads_it_elsewhere(world, site):
    """What is below /moved redirects; whoever follows would ask an address that nobody has looked at."""
    assert "sends elsewhere (302)" in consumer(world, site, f"{site.origin}/moved", expect=FAILED).stderr
    told = consumer(world, site, f"{site.origin}/nothing", expect=FAILED).stderr
    assert "status 404" in told and OAUTH in told
    for url, words in (("http://localhost/x", "no issuer that can be asked"), ("ftp://localhost", "no issuer"), ("localhost", "no issuer"),
                       (f"{site.origin}/a?b", "no issuer"), (f"{site.origin}/a#b", "no issuer"), ("https://", "no issuer"),
                       (f"https://{'a' * 600}", "no issuer"), ("https://localhost:1/x", "localhost:1")):
        assert words in consumer(world, site, url, expect=FAILED).stderr, url


def test_whose_certificate_nobody_knows(world, site):
    issuer = site.realm("unknown-ca")
    told = run(world, "issuer create", "platform", "--discover", issuer, "--audience", "a", "--kind", "consumer", expect=FAILED).stderr
    assert OPENID in told and "certificate" in told.lower() and "PROVIDER_UNREACHABLE" in told


def test_what_is_missing(world, site):
    issuer = site.realm("missing")
    assert "--audience is required" in create(world, site, issuer, expect=USAGE).stderr
    assert "--kind is required" in create(world, site, issuer, "--audience", "a", expect=USAGE).stderr
    assert "--kind takes" in create(world, site, issuer, "--audience", "a", "--kind", "all", expect=USAGE).stderr
    assert "-f FILE is required" in run(world, "issuer create", "platform", expect=USAGE).stderr
