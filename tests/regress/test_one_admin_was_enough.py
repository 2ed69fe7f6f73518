# SPDX-License-Identifier: Apache-2.0
"""Where a tenant requires a second admin for access to content, only switching super-user power on waited for one: an
issuer with one's own key, a domain, a mapping, a wider template, a component whose certificate was exchanged, each came
to others' content without anybody else. What waits is decided by what an act does, in the act's transaction."""
import concurrent.futures
import json

import pytest

from authority import Identity, Issuer
from calls import outcome, reason
from dns_server import txt
from meanwhile import meanwhile
from proofs import certificate_proof
from stock import super_user
from world import MULTI_TENANT, PRINT, VIEW, grant, template_of

CONTENT_ACCESS, PARTNER, LOWER = 1, 4, 5
COMPONENT_KIND = 5


@pytest.fixture(scope="module")
def authority_options(dns):
    return {"config": dns.config}


@pytest.fixture(scope="module")
def world(world, dns):
    """Margie's tenant requires a second admin; what its tests need was there before."""
    w, w.dns = world, dns
    m = w.m = w.tenant("margie")
    w.one, w.two = m.admin, m.second_admin
    w.plain = w.template(grant("tenant:margie", VIEW), who=w.one, expiry={"days": 7}, offline_access=2, offline_days=2)
    w.archive = m.component("client", "archive")
    w.archive_id = w.sql("SELECT component FROM component WHERE name = 'archive'")
    w.issuer_id = w.sql(f"SELECT issuer FROM issuer WHERE iss = '{m.issuer.iss}'")
    w.update_tenant(w.one, two_person=[CONTENT_ACCESS])
    return w


def approve(w, answer, who=None):
    assert answer.approval_id
    w.call("ApprovalService/ApproveRequest", {"approval_id": answer.approval_id}, who or w.two)


def drop(w, answer):
    assert answer.approval_id
    w.call("ApprovalService/RejectRequest", {"approval_id": answer.approval_id}, w.two)


def changes(w, answer):
    """What the approver reads: {field: (before, after)}; of a list the last element."""
    one = w.call("ApprovalService/GetApproval", {"approval_id": answer.approval_id}, w.two).approval
    return {c.field: (c.before, c.after) for c in one.changes}


def update(w, what, who=None, proofs=(), **fields):
    """UpdateIssuer or UpdateComponent, by the id that `fields` begin with."""
    id_field, *paths = fields
    return w.call(f"{what.capitalize()}Service/Update{what.capitalize()}", {
        what: {**fields, "tenant": "margie"}, "update_mask": {"paths": paths}, **({"proofs": proofs} if proofs else {})},
        who or w.one)


def renew(w, identity, who=None, proof=None):
    """Let the archive have another certificate too."""
    return update(w, "component", who, [proof or certificate_proof(identity, "margie", "archive")],
                  component_id=w.archive_id, certificate_sha256=[w.archive.fingerprint, identity.fingerprint])


# --- issuers --------------------------------------------------------------------------------------------------------


def new_issuer(iss, **more):
    issuer = Issuer(iss)
    return issuer, {"issuer": {"kind": 1, "tenant": "margie", "issuer": iss, "audiences": [issuer.audience],
                               "algorithms": ["ES256"], "jwks_json": issuer.jwks(), **more}}


def test_an_issuer_with_ones_own_key_spoke_for_everybody(world):
    made = world.protect(token=world.m.token("ann"), recipients=["bob@margie.example"])
    issuer, request = new_issuer("https://evil.margie.example")
    answer = world.call("IssuerService/CreateIssuer", request, world.one)
    assert not answer.HasField("issuer")
    assert reason(world.acquire, made, issuer.token("bob@margie.example")) == "TOKEN_ISSUER_UNKNOWN"
    read = changes(world, answer)
    assert read["issuer.issuer"] == ("", issuer.iss) and read["issuer.kind"] == ("", "ISSUER_KIND_TENANT")
    assert read["issuer.keys"][1].startswith(issuer.key.thumbprint())
    approve(world, answer)
    world.acquire(made, issuer.token("bob@margie.example"))


def test_an_issuer_of_components_named_whoever_holds_power(world):
    _, request = new_issuer("https://machines.margie.example", kind=COMPONENT_KIND)
    answer = world.call("IssuerService/CreateIssuer", request, world.one)
    approve(world, answer)
    issuer_id = world.sql("SELECT issuer FROM issuer WHERE iss = 'https://machines.margie.example'")
    drop(world, update(world, "issuer", issuer_id=issuer_id, jwks_json=Issuer("x").jwks()))


@pytest.mark.parametrize("fields", [
    {"jwks_json": Issuer("x").jwks()}, {"jwks_url": "https://keys.example/jwks"},
    {"claims": {"address": "preferred_username"}}, {"claims": {"aliases": ["upn"]}}, {"claims": {"guest": ""},
                                                                                     "clock_skew_seconds": 31},
    {"audiences": ["chancery", "another"]}, {"algorithms": ["ES256", "RS256"]}, {"clock_skew_seconds": 300}])
def test_an_issuer_was_changed_by_one(world, fields):
    before = world.call("IssuerService/GetIssuer", {"issuer_id": world.issuer_id}, world.one).issuer
    for who in (world.one, world.platform_admin):
        answer = update(world, "issuer", who=who, issuer_id=world.issuer_id, **fields)
        assert answer.approval_id and not answer.HasField("issuer")
        world.call("ApprovalService/RejectRequest", {"approval_id": answer.approval_id}, world.two)
    assert world.call("IssuerService/GetIssuer", {"issuer_id": world.issuer_id}, world.one).issuer == before


def test_an_issuer_is_narrowed_and_switched_off_by_one(world):
    issuer, request = new_issuer("https://short.margie.example", audiences=["chancery", "more"],
                                 algorithms=["ES256", "RS256"], clock_skew_seconds=30)
    approve(world, world.call("IssuerService/CreateIssuer", request, world.one))
    issuer_id = world.sql(f"SELECT issuer FROM issuer WHERE iss = '{issuer.iss}'")
    for fields in ({"audiences": ["chancery"]}, {"algorithms": ["ES256"]}, {"clock_skew_seconds": 0},
                   {"disabled": True}, {"jwks_json": issuer.jwks()}):
        assert update(world, "issuer", issuer_id=issuer_id, **fields).HasField("issuer")
    answer = update(world, "issuer", issuer_id=issuer_id, disabled=False)
    read = changes(world, answer)  # while it was off nobody looked at it
    assert read["issuer.disabled"] == ("true", "false") and read["issuer.audiences"] == ("", "chancery")
    assert read["issuer.keys"][1].startswith(issuer.key.thumbprint())
    approve(world, answer)
    assert not world.call("IssuerService/DeleteIssuer", {"issuer_id": issuer_id}, world.one).approval_id


def test_a_mapping_made_a_foreign_directory_speak_for_the_tenant(world):
    entra = world.call("IssuerService/CreateIssuer", {"issuer": {
        "kind": MULTI_TENANT, "boundary": "commercial", "issuer": "https://login.example/{tenantid}/v2.0",
        "audiences": ["x"], "algorithms": ["ES256"], "jwks_json": world.m.issuer.jwks()}},
        world.platform_admin).issuer.issuer_id
    value = "0197b7c0-7e5c-4c3e-8f4e-0123456789ab"
    mapping = {"issuer_id": entra, "value": value, "tenant": "margie"}

    def mappings():
        return list(world.call("IssuerService/ListTenantMappings", {"issuer_id": entra}, world.platform_admin).mappings)

    answer = world.call("IssuerService/MapTenant", mapping, world.platform_admin)
    assert not mappings() and changes(world, answer)["value"] == ("", value)
    approve(world, answer)
    assert [m.tenant for m in mappings()] == ["margie"]
    # An exact issuer keeps the template silent; once it is gone, the template speaks.
    exact, request = new_issuer(f"https://login.example/{value}/v2.0")
    approve(world, world.call("IssuerService/CreateIssuer", request, world.one))
    issuer_id = world.sql(f"SELECT issuer FROM issuer WHERE iss = '{exact.iss}'")
    answer = world.call("IssuerService/DeleteIssuer", {"issuer_id": issuer_id}, world.one)
    assert world.sql(f"SELECT count(*) FROM issuer WHERE issuer = '{issuer_id}'") == "1"
    approve(world, answer)
    assert world.sql(f"SELECT count(*) FROM issuer WHERE issuer = '{issuer_id}'") == "0"
    world.call("IssuerService/UnmapTenant", {"issuer_id": entra, "value": value}, world.platform_admin)
    assert not mappings()


# --- domains --------------------------------------------------------------------------------------------------------


def test_a_domain_was_proven_by_one(world):
    claim = world.call("TenantService/AddDomain", {"domain": "new.example"}, world.one).domain
    world.dns.records[claim.record_name] = [txt(claim.record_value.encode())]

    def verified():
        tenant = world.call("TenantService/GetTenant", {}, world.one).tenant
        return {d.name: d.verified for d in tenant.domains}.get("new.example")

    answer = world.call("TenantService/VerifyDomain", {"domain": "new.example"}, world.one)
    assert not answer.HasField("domain") and verified() is False
    assert changes(world, answer)["domain.name"] == ("", "new.example")
    del world.dns.records[claim.record_name]  # it is looked for again
    assert reason(approve, world, answer) == "DOMAIN_PROOF_MISSING"
    world.dns.records[claim.record_name] = [txt(claim.record_value.encode())]
    approve(world, answer)
    assert verified() is True
    # Old content names its addresses, and whoever proves it next would be them.
    answer = world.call("TenantService/RemoveDomain", {"domain": "new.example"}, world.one)
    assert verified() is True
    approve(world, answer)
    assert verified() is None


def test_a_domain_was_asserted_by_one(world):
    world.call("TenantService/AddDomain", {"domain": "closed.example"}, world.one)
    asserted = {"tenant": "margie", "domain": "closed.example", "asserted": True}
    answer = world.call("TenantService/VerifyDomain", asserted, world.platform_admin)
    approve(world, answer)
    assert world.call("TenantService/VerifyDomain", asserted, world.platform_admin).domain.verified
    assert not world.call("TenantService/RemoveDomain", {"tenant": "margie", "domain": "closed.example"},
                          world.platform_admin).approval_id  # the platform settles whose a domain is
    world.call("TenantService/AddDomain", {"domain": "claimed.example"}, world.one)
    assert not world.call("TenantService/RemoveDomain", {"domain": "claimed.example"}, world.one).approval_id


# --- templates ------------------------------------------------------------------------------------------------------


def change_template(w, template_id, **fields):
    return w.call("TemplateService/UpdateTemplate", {
        "template": {"template_id": template_id, **fields}, "update_mask": {"paths": list(fields)}}, w.one)


@pytest.mark.parametrize("fields,field,change", [
    ({"grants": [grant("tenant:margie", VIEW), grant("user:mallory@fabrikam.com", VIEW)]},
     "template.grants[user:mallory@fabrikam.com]", ("", "VIEW")),
    ({"grants": [grant("tenant:margie", VIEW, PRINT)]}, "template.grants[tenant:margie]", ("VIEW", "VIEW,PRINT")),
    ({"grants": [{"principals": ["tenant:margie"], "rights": [VIEW], "custom_rights": ["SIGN"]}]},
     "template.grants[tenant:margie]", ("VIEW", "VIEW,SIGN")),
    ({"expiry": {"days": 8}}, "template.expiry.days", ("7", "8")),
    ({"expiry": None}, "template.expiry.days", ("7", "")),
    ({"offline_access": 2, "offline_days": 3}, "template.offline_days", ("2", "3")),
    ({"offline_access": 0, "offline_days": 0}, "template.offline_days", ("2", "0"))])
def test_a_template_let_somebody_into_old_content(world, fields, field, change):
    paths = list(fields)
    fields = {name: value for name, value in fields.items() if value is not None}
    answer = world.call("TemplateService/UpdateTemplate", {
        "template": {"template_id": world.plain.template_id, **fields}, "update_mask": {"paths": paths}}, world.one)
    assert not answer.HasField("template") and changes(world, answer)[field] == change
    assert world.call("TemplateService/GetTemplate", {"template_id": world.plain.template_id},
                      world.one).template.version == world.plain.version
    drop(world, answer)


def test_a_template_is_narrowed_and_named_by_one(world):
    made = world.template(grant("tenant:margie", VIEW, PRINT), grant("user:ann@margie.example", VIEW), who=world.one)
    for fields in ({"grants": [grant("tenant:margie", VIEW)]}, {"expiry": {"days": 7}}, {"expiry": {"days": 6}},
                   {"offline_access": 2, "offline_days": 9}, {"offline_access": 1}, {"scope": ["user:x@margie.example"]},
                   {"names": [{"language": "en", "text": "Other"}]}, {"referral_contact": "ann@margie.example"},
                   {"scope": []}):
        assert change_template(world, made.template_id, **fields).HasField("template"), fields
    for verb in ("Archive", "Publish"):
        world.call(f"TemplateService/{verb}Template", {"template_id": made.template_id}, world.one)
    answer = change_template(world, made.template_id, grants=[grant("authenticated", VIEW)])
    approve(world, answer)
    now = world.call("TemplateService/GetTemplate", {"template_id": made.template_id}, world.one).template
    assert now.grants[0].principals == ["authenticated"]


def test_a_template_that_granted_nothing_was_made_readable(world):
    """A stored principal that can't be read keeps everybody out; taking it away, even from the scope, lets them in."""
    made = world.template(grant("tenant:margie", VIEW), who=world.one)
    world.changed_by_hand(f"UPDATE template SET scope = '{{everybody}}' WHERE template = '{made.template_id}'")
    drop(world, change_template(world, made.template_id, scope=["user:ann@margie.example"]))


# --- components -----------------------------------------------------------------------------------------------------


def give_power(w):
    approve(w, w.call("TenantService/GrantSuperUser", super_user(w.archive_id), w.one))


def test_the_certificate_of_a_component_with_power_was_exchanged(world):
    assert renew(world, Identity("archive-2")).HasField("component")
    give_power(world)
    mine = Identity("archive-3")
    for who in (world.one, world.platform_admin):
        answer = renew(world, mine, who)
        assert not answer.HasField("component")
        assert ("", mine.fingerprint.hex()) in [(c.before, c.after) for c in world.call(
            "ApprovalService/GetApproval", {"approval_id": answer.approval_id}, world.two).approval.changes]
        drop(world, answer)
    for fields in ({"certificate_sha256": [world.archive.fingerprint]}, {"sender_domains": ["margie.example"]},
                   {"disabled": True}):
        assert update(world, "component", component_id=world.archive_id, **fields).HasField("component")
    drop(world, update(world, "component", component_id=world.archive_id, disabled=False))
    world.call("TenantService/RevokeSuperUser", {"principal": world.archive_id}, world.one)
    assert update(world, "component", component_id=world.archive_id, disabled=False).HasField("component")


def test_a_component_got_power_between_check_and_act(world):
    """It was read as one without power, and changed when it had some."""
    powered = ("INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) VALUES "
               f"('{world.m.id}', 'component:{world.archive_id}', 'x', 'x', now() + interval '1 hour'); "
               f"SELECT epoch_raise('{world.m.id}')")
    prints = ("SELECT count(*) FROM component_certificate f JOIN component c USING (component) "
              "WHERE c.name = 'archive'")
    before = world.sql(prints)
    with meanwhile(world, powered):
        answer = renew(world, Identity("archive-4"))
    assert answer.approval_id and not answer.HasField("component")
    assert world.sql(prints) == before
    drop(world, answer)
    world.call("TenantService/RevokeSuperUser", {"principal": world.archive_id}, world.one)


def test_what_an_act_rests_on_moved_before_its_end(world):
    """What was compared stays as it was until the act is done: power that comes later comes after it."""
    epoch = world.sql(f"SELECT epoch FROM epoch WHERE scope = '{world.m.id}'")
    compared = (f"SELECT approval_unmoved('{world.m.id}', ARRAY['{world.m.id}']::uuid[], ARRAY[{epoch}], false)")
    with meanwhile(world, compared, "RowShareLock"), pytest.raises(RuntimeError, match="lock timeout"):
        world.sql(f"SET LOCAL lock_timeout = '100ms'; SELECT epoch_raise('{world.m.id}')", role="server")


def test_what_waits_is_proven_when_it_is_asked_for(world):
    """A proof is good for ten minutes, and an approval may take days: it had to be fresh when the request was made."""
    give_power(world)
    mine = Identity("archive-5")
    assert reason(renew, world, mine, proof=certificate_proof(mine, "margie", "archive", iat=1)) == "FIELD_INVALID"
    answer = renew(world, mine)
    when = f"WHERE approval = '{answer.approval_id}'"
    world.sql(f"UPDATE approval SET requested_at = requested_at + interval '1 day' {when}")
    assert outcome(approve, world, answer) == "FIELD_INVALID"
    world.sql(f"UPDATE approval SET requested_at = requested_at - interval '1 day' {when}")
    approve(world, answer)
    assert world.sql(f"SELECT count(*) FROM component_certificate WHERE fingerprint = '\\x{mine.fingerprint.hex()}'") == "1"
    world.call("TenantService/RevokeSuperUser", {"principal": world.archive_id}, world.one)


# --- settings and exclusions ----------------------------------------------------------------------------------------


def test_settings_made_old_tokens_and_licenses_worth_more(world):
    for fields in ({"require_bound_user_tokens": True}, {"require_bound_component_tokens": True},
                   {"license_cap_days": 10}, {"onboarding": ["user:ann@margie.example"]}, {"display_name": "M"},
                   {"onboarding": []}):
        assert world.update_tenant(world.one, **fields).HasField("tenant")
    for fields, field in (({"require_bound_user_tokens": False}, "tenant.require_bound_user_tokens"),
                          ({"require_bound_component_tokens": False}, "tenant.require_bound_component_tokens"),
                          ({"license_cap_days": 11}, "tenant.license_cap_days")):
        answer = world.update_tenant(world.one, **fields)
        assert not answer.HasField("tenant") and field in changes(world, answer)
        one = world.call("ApprovalService/GetApproval", {"approval_id": answer.approval_id}, world.two).approval
        assert one.operation == CONTENT_ACCESS
        approve(world, answer)


def test_an_exclusion_was_lifted_by_one(world):
    eve = {"user": "eve@margie.example"}
    world.call("TenantService/AddExclusion", eve, world.one)
    answer = world.call("TenantService/RemoveExclusion", eve, world.one)
    listed = world.call("TenantService/ListExclusions", {}, world.one).exclusions
    assert [e.user for e in listed] == ["eve@margie.example"]
    approve(world, answer)
    assert not world.call("TenantService/ListExclusions", {}, world.one).exclusions
    assert reason(world.call, "TenantService/RemoveExclusion", eve, world.one) == "NOT_FOUND"


# --- who requires nothing, or something else ------------------------------------------------------------------------


def test_a_tenant_that_requires_another_operation_does_these_alone(world):
    other = world.tenant("other")
    world.update_tenant(other.admin, two_person=[PARTNER])
    issuer, request = new_issuer("https://own.other.example")
    request["issuer"]["tenant"] = "other"
    made = world.call("IssuerService/CreateIssuer", request, other.admin).issuer
    assert made.issuer == issuer.iss
    made = world.template(grant("tenant:other", VIEW), who=other.admin)
    assert world.call("TemplateService/UpdateTemplate", {
        "template": {"template_id": made.template_id, "grants": template_of(grant("authenticated", VIEW))["grants"]},
        "update_mask": {"paths": ["grants"]}}, other.admin).HasField("template")


def test_many_at_once_are_all_done(world):
    """Acts of one tenant look again when another came between; all the same they come to an end."""
    def rename(n):
        return outcome(change_template, world, made[n].template_id, names=[{"language": "en", "text": f"N{n}"}])

    made = [world.template(grant("tenant:margie", VIEW), who=world.one) for _ in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert set(pool.map(rename, range(4))) == {"OK"}


def test_the_request_shows_all_that_it_asks_for(world):
    _, request = new_issuer("https://shown.margie.example")
    answer = world.call("IssuerService/CreateIssuer", request, world.one)
    one = world.call("ApprovalService/GetApproval", {"approval_id": answer.approval_id}, world.two).approval
    assert json.loads(one.request_json)["issuer"]["issuer"] == "https://shown.margie.example"
    drop(world, answer)
