# SPDX-License-Identifier: Apache-2.0
"""What a portal gets for a reader who has signed in, by each kind of account and by a passcode: a license of minutes, for the
portal's own key, and not for another portal's (docs/policy.md §7.4)."""
import pytest

from authority import Issuer, Reader, new_id
from calls import reason
from mail_relay import authority_options, relay  # noqa: F401  pylint: disable=W0611
from smtp_server import parse_code
from world import CONSUMER, MULTI_TENANT

PASSCODE_READER = "kim@mail.example"
ADDRESSES = {"work": "bob@fabrikam.com", "work elsewhere": "dora@agency.us", "microsoft work": "mia@council.example",
             "microsoft": "mia@outlook.example", "google": "kim@gmail.example", "yahoo": "kim@yahoo.example",
             "passcode": PASSCODE_READER}


@pytest.fixture(scope="module")
def made(world):
    return world.protect(recipients=list(ADDRESSES.values()))


@pytest.fixture(scope="module")
def tokens(world, relay, made):
    """Whoever the readers are, by the tokens that a portal has of them after they have signed in."""
    w = world
    entra = Issuer("https://login.microsoftonline.example/{tenantid}/v2.0")
    w.a.issuer(entra, MULTI_TENANT, boundary="commercial")
    w.tenant("council", "commercial", "council.example")
    tid = new_id()
    issuer_id = w.sql(f"SELECT issuer FROM issuer WHERE iss = '{entra.iss}'")
    w.call("IssuerService/MapTenant", {"issuer_id": issuer_id, "value": tid, "tenant": "council"}, w.platform_admin)
    outlook, yahoo = Issuer("https://login.live.example"), Issuer("https://api.login.yahoo.example")
    w.a.issuer(outlook, CONSUMER, boundary="commercial", domains=["outlook.example"])
    w.a.issuer(yahoo, CONSUMER, boundary="commercial", domains=["yahoo.example"])
    started = w.call("PasscodeService/StartPasscode", {
        "address": PASSCODE_READER, "publishing_license": made.publishing_license, "reader_ip": "192.0.2.7"}, w.portal)
    code, _ = parse_code(relay.wait_for(PASSCODE_READER))
    passcode = w.call("PasscodeService/VerifyPasscode", {"passcode_id": started.passcode_id, "code": code}, w.portal).token
    return {"work": w.bob, "work elsewhere": w.agency.token("dora"),
            "microsoft work": entra.token(ADDRESSES["microsoft work"], iss=entra.iss.replace("{tenantid}", tid), tid=tid),
            "microsoft": outlook.token(ADDRESSES["microsoft"]),
            "google": w.google.token(ADDRESSES["google"], email_verified=True),
            "yahoo": yahoo.token(ADDRESSES["yahoo"]), "passcode": passcode}


@pytest.mark.parametrize("kind", ADDRESSES)
def test_a_license_of_minutes_for_the_portals_key(world, made, tokens, kind):
    w, key = world, Reader()
    got = w.acquire(made, who=w.portal, user_token=tokens[kind], reader=key)
    claims, content_key = w.a.verify(got.use_license, key)
    assert claims["sub"] == ADDRESSES[kind] and claims["chn"] == "portal" and claims["off"] is False
    assert 0 < claims["exp"] - claims["iat"] <= 600 and not got.may_cache
    assert content_key == w.reader.unwrap(made.wrapped_content_key)
    assert claims["rts"] == ["VIEW", "EDIT", "DOCEDIT", "REPLY", "REPLYALL", "OBJMODEL", "VIEWRIGHTSDATA"]


@pytest.mark.parametrize("kind", ADDRESSES)
def test_no_portal_of_another_boundary(world, made, tokens, kind):
    assert reason(lambda: world.acquire(made, who=world.high_portal, user_token=tokens[kind])) in (
        "PORTAL_REQUIRED", "TOKEN_PROOF_INVALID")


@pytest.mark.parametrize("kind", [kind for kind in ADDRESSES if kind not in ("work", "microsoft work")])
def test_none_without_a_portal(world, made, tokens, kind):
    """People of the content's boundary have clients of their own; all others are sent to the portal."""
    assert reason(lambda: world.acquire(made, tokens[kind])) == (
        "TOKEN_ISSUER_UNKNOWN" if kind == "passcode" else "PORTAL_REQUIRED")


@pytest.mark.parametrize("kind", ADDRESSES)
def test_what_is_revoked_is_revoked_there_too(world, made, tokens, kind):
    w = world
    w.track("Revoke", made, user=ADDRESSES[kind])
    assert reason(lambda: w.acquire(made, who=w.portal, user_token=tokens[kind])) == "REVOKED"
    w.track("Restore", made, user=ADDRESSES[kind])
    assert w.rights(made, who=w.portal, user_token=tokens[kind])


def test_the_platforms_gateway_is_no_portal(world, made, tokens):
    gateway = world.platform_component("gateway")
    for token in tokens.values():
        assert reason(lambda token=token: world.acquire(made, who=gateway, user_token=token)) in (
            "COMPONENT_TENANT", "TOKEN_PROOF_INVALID")
