# SPDX-License-Identifier: Apache-2.0
"""What holds for every resource alike: update masks (AIP-134, AIP-161, AIP-203), etags (AIP-154), safe retries (AIP-155),
pages (AIP-158)."""
import base64
import functools
from concurrent.futures import ThreadPoolExecutor

import pytest

from authority import Identity, Issuer, new_id
from calls import reason, refused
from proofs import certificate_proof
from world import ROLES, grant, template_of

PAGES = 5  # rows of every list that is read in pages of 2


class Stock:
    """Enough of everything for several pages, and one of each to be changed."""

    def __init__(self, world):
        self.call = world.call
        self.admins = {"platform": world.platform_admin, "tenant": world.contoso.admin, "other": world.fabrikam.admin}
        self.ids = {"multi": self.issuer(2, "multi", boundary="commercial")}
        for n in range(PAGES):
            self.ids["template"] = world.template(referral_contact=f"{n}").template_id
            self.ids["issuer"] = self.issuer(1, n, tenant="contoso")
            self.ids["component"] = self.component(f"c{n}").component_id
            self.make("tenant", "BrandingService/CreateBranding", {"branding": {"branding": f"look{n}"}})
            self.make("platform", "BoundaryService/CreateBoundary", {"boundary": {"boundary": f"b{n}", "suite": 1}})
            self.make("platform", "TenantService/CreateTenant", {"tenant": {"tenant": f"t{n}", "boundary": "gcc"}})
            self.make("tenant", "DirectoryService/PutUser", {"user": {"address": f"u{n}@contoso.com"}})
            self.make("tenant", "DirectoryService/PutGroup", {"group": {"address": f"g{n}@contoso.com"}})
            self.make("tenant", "TenantService/AddExclusion", {["user", "application", "platform"][n % 3]: f"x{n}@y.example"})
            self.make("platform", "IssuerService/MapTenant", {
                "issuer_id": self.ids["multi"], "value": f"v{n}", "tenant": "contoso"})
        self.make("tenant", "DirectoryService/AddMembers", {
            "group": "g0@contoso.com", "members": [f"u{n}@contoso.com" for n in range(PAGES)]})

    def make(self, admin, path, request):
        return self.call(path, request, self.admins[admin])

    def issuer(self, kind, name, **more):
        return self.make("platform", "IssuerService/CreateIssuer", {"issuer": {
            "kind": kind, "issuer": f"https://{name}.example", "audiences": ["x"], "algorithms": ["ES256"],
            "jwks_json": Issuer("x").jwks(), **more}}).issuer.issuer_id

    def component(self, name):
        return self.make("tenant", "ComponentService/CreateComponent", {"component": {
            "name": name, "role": ROLES["gateway"]}, "proofs": [
                certificate_proof(Identity(name), "contoso", name)]}).component

    def get(self, name):
        _, who, key, ids = RESOURCES[name]
        request = ids if key is None else {key: self.ids[name]}
        return getattr(self.make(who, f"{name.capitalize()}Service/Get{name.capitalize()}", request), name)

    def update(self, name, paths, **fields):
        """Change the resource of this name; without paths the request has no mask."""
        method, who, key, ids = RESOURCES[name]
        message = {**ids, **({key: self.ids[name]} if key else {}), **fields}
        request = {name: message, **({"update_mask": {"paths": paths}} if paths is not None else {})}
        return getattr(self.make(who, method, request), name)


# Method, whose admin, the field that names it when it is an id, what names it else.
RESOURCES = {
    "template": ("TemplateService/UpdateTemplate", "tenant", "template_id", {}),
    "issuer": ("IssuerService/UpdateIssuer", "tenant", "issuer_id", {}),
    "component": ("ComponentService/UpdateComponent", "tenant", "component_id", {}),
    "boundary": ("BoundaryService/UpdateBoundary", "platform", None, {"boundary": "b0"}),
    "tenant": ("TenantService/UpdateTenant", "platform", None, {"tenant": "contoso"}),
    "branding": ("BrandingService/UpdateBranding", "tenant", None, {"branding": "look0"}),
}
# A field that can be changed, with a value; fields that can't be, and what is said of them.
CHANGES = {"template": {"referral_contact": "help@contoso.com"}, "issuer": {"clock_skew_seconds": 7},
           "component": {"sender_domains": ["contoso.com"]}, "boundary": {"display_name": "B"},
           "tenant": {"display_name": "C"}, "branding": {"accent_color": "#123456"}}
FIXED = {
    "template": {"template_id": "server", "tenant": "created", "archived": "Methods", "version": "server", "etag": "server",
                 "create_time": "server", "update_time": "server"},
    "issuer": {"issuer_id": "server", "tenant": "created", "boundary": "created", "kind": "created", "issuer": "created",
               "etag": "server", "proof": "server"},
    "component": {"component_id": "server", "tenant": "created", "name": "created", "role": "created",
                  "boundary": "created", "etag": "server"},
    "boundary": {"boundary": "created", "built_in": "server"},
    "tenant": {"tenant_id": "server", "tenant": "created", "boundary": "created", "domains": "Methods", "etag": "server",
               "create_time": "server"},
    "branding": {"branding": "created", "tenant": "created", "etag": "server", "create_time": "server",
                 "update_time": "server"},
}
VERSIONED = ["template", "issuer", "component", "tenant", "branding"]


@pytest.fixture(scope="module")
def stock(world):
    return Stock(world)


# --- update masks ---


@pytest.mark.parametrize("name", RESOURCES)
def test_a_path_that_names_no_field_is_named(stock, name):
    good = list(CHANGES[name])
    for paths, at in (([*good, "nonsense"], 1), (["", *good], 0), ([*good, *good, f"{good[0]}.x"], 2)):
        error = refused(stock.update, name, paths, **CHANGES[name])
        assert (error.reason, error.fields) == ("FIELD_INVALID", [f"update_mask.paths[{at}]"])
        assert "no such field" in error.violations[0].description


@pytest.mark.parametrize("name,path,word", [(name, path, word) for name, paths in FIXED.items()
                                            for path, word in paths.items()])
def test_a_path_that_cannot_be_changed_is_told_why(stock, name, path, word):
    error = refused(stock.update, name, [path])
    assert (error.reason, error.fields) == ("FIELD_INVALID", ["update_mask.paths[0]"])
    assert word in error.violations[0].description


@pytest.mark.parametrize("name", RESOURCES)
def test_without_a_mask_what_is_populated_changes(stock, name):
    field, value = next(iter(CHANGES[name].items()))
    for mask in (None, []):
        changed = stock.update(name, mask, **{field: value})
        assert getattr(changed, field) == value
    error = refused(stock.update, name, None)
    assert (error.reason, error.fields) == ("FIELD_INVALID", ["update_mask"])
    error = refused(stock.call, RESOURCES[name][0], {"update_mask": {"paths": [field]}}, stock.admins[RESOURCES[name][1]])
    assert (error.reason, error.fields) == ("FIELD_INVALID", [name])


def test_what_is_not_populated_stays_without_a_mask(stock):
    before = stock.update("template", ["referral_contact", "scope"], referral_contact="x", scope=["tenant:contoso"])
    after = stock.update("template", None, referral_contact="y", archived=True, version=77)
    assert (after.referral_contact, after.scope, after.archived) == ("y", before.scope, False)
    assert after.version == before.version + 1
    assert not stock.update("template", ["scope"]).scope


def test_a_star_means_all_that_can_be_changed(stock):
    full = {"names": [{"language": "en", "text": "Star"}], "grants": [grant("owner", 1)]}
    stock.update("template", ["scope", "referral_contact"], scope=["tenant:contoso"], referral_contact="x")
    changed = stock.update("template", ["*"], **full)
    assert changed.names[0].text == "Star" and not changed.scope and not changed.referral_contact
    assert refused(stock.update, "template", ["*"], referral_contact="x").fields == ["template.names", "template.grants"]
    kept = stock.get("component").certificate_sha256
    assert not stock.update("component", ["*"], certificate_sha256=kept).sender_domains
    assert stock.update("boundary", ["*"], suite=2, portal_url="https://p.example").display_name == ""


def test_a_field_named_twice_changes_once(stock):
    assert stock.update("tenant", ["display_name"] * 40, display_name="Once").display_name == "Once"


# --- etags ---


@pytest.mark.parametrize("name", VERSIONED)
def test_an_etag_is_the_version_that_was_read(stock, name):
    (field, value), paths = next(iter(CHANGES[name].items())), list(CHANGES[name])
    one = stock.get(name)
    assert one.etag
    two = stock.update(name, paths, etag=one.etag, **{field: value})
    assert two.etag != one.etag
    assert stock.update(name, paths, **{field: value}).etag not in (one.etag, two.etag)  # none: any version
    now = stock.get(name).etag
    for etag in (one.etag, two.etag, "x", "0", "-1", f" {now}", f"{now} ", f"0{now}", f"{now}x", f'"{now}"', "9" * 40):
        error = refused(stock.update, name, paths, etag=etag, **{field: value})
        assert (error.code, error.reason) == ("ABORTED", "ETAG_MISMATCH"), etag
    assert stock.get(name).etag == now


def test_an_etag_is_looked_at_before_something_is_removed(stock):
    made = stock.component("gone")
    request = {"component_id": made.component_id}
    for etag in ("x", "0", f"{made.etag}0"):
        error = refused(stock.call, "ComponentService/DeleteComponent", {**request, "etag": etag}, stock.admins["tenant"])
        assert error.reason == "ETAG_MISMATCH"
    stock.call("ComponentService/DeleteComponent", {**request, "etag": made.etag}, stock.admins["tenant"])


# --- safe retries ---


def test_a_retry_gets_the_template_that_was_made(world):
    request = {"template": template_of(archived=True), "request_id": new_id()}
    make = functools.partial(world.call, "TemplateService/CreateTemplate")
    made = make(request, world.contoso.admin)
    assert made.template.archived
    with ThreadPoolExecutor(8) as pool:
        retries = list(pool.map(lambda _: make(request, world.contoso.admin), range(8)))
    assert all(retry == made for retry in retries)
    other = {**request, "template": template_of(archived=False)}
    assert reason(make, other, world.contoso.admin) == "REQUEST_ID_REUSED"
    assert reason(make, request, world.contoso.second_admin) == "REQUEST_ID_REUSED"  # it is of who asks
    assert make(request, world.fabrikam.admin).template.template_id != made.template.template_id
    made_at_once = {**request, "request_id": new_id()}
    with ThreadPoolExecutor(8) as pool:
        ids = {one.template.template_id for one in pool.map(lambda _: make(made_at_once, world.contoso.admin), range(8))}
    assert len(ids) == 1
    world.call("TemplateService/DeleteTemplate", {"template_id": made.template.template_id}, world.contoso.admin)
    assert reason(make, request, world.contoso.admin) == "NOT_FOUND"  # it is made once


def test_a_retry_of_protect_is_of_who_asks(world):
    request = {"request_id": new_id(), "recipients": ["bob@fabrikam.com"]}
    made = world.protect(token=world.alice, **request)
    assert world.protect(token=world.alice, **request).content_id == made.content_id
    for who in ({"token": world.carol}, {"who": world.gateway}, {"who": world.gateway, "user_token": world.alice}):
        assert reason(world.protect, **who, **request) == "REQUEST_ID_REUSED", who


# --- pages ---

# Method, the field with the rows, whose admin, the rest of the request, the largest page.
LISTS = {
    "templates": ("TemplateService/ListTemplates", "tenant", {}, 200),
    "issuers": ("IssuerService/ListIssuers", "tenant", {}, 200),
    "components": ("ComponentService/ListComponents", "tenant", {}, 200),
    "brandings": ("BrandingService/ListBrandings", "tenant", {}, 200),
    "boundaries": ("BoundaryService/ListBoundaries", "tenant", {}, 200),
    "tenants": ("TenantService/ListTenants", "platform", {}, 200),
    "users": ("DirectoryService/ListUsers", "tenant", {}, 200),
    "groups": ("DirectoryService/ListGroups", "tenant", {}, 200),
    "members": ("DirectoryService/ListMembers", "tenant", {"group": "g0@contoso.com"}, 200),
    "exclusions": ("TenantService/ListExclusions", "tenant", {}, 200),
    "mappings": ("IssuerService/ListTenantMappings", "platform", {"issuer_id": "multi"}, 1000),
    "events": ("AuditService/Query", "tenant", {"filter": {"operation": "put_user"}}, 1000),
}


def page(stock, rows, size=2, token="", who=None, **more):
    method, admin, request, _ = LISTS[rows]
    request = {key: stock.ids.get(value, value) if isinstance(value, str) else value for key, value in request.items()}
    return stock.call(method, {**request, "page_size": size, "page_token": token, **more}, stock.admins[who or admin])


@pytest.mark.parametrize("rows", LISTS)
def test_pages_are_one_list(stock, rows):
    whole = list(getattr(page(stock, rows, 0), rows))
    assert len(whole) >= PAGES
    found, token, sizes = [], "", []
    while not sizes or token:
        one = page(stock, rows, token=token)
        found, token = found + list(getattr(one, rows)), one.next_page_token
        sizes.append(len(getattr(one, rows)))
    assert found == whole
    assert set(sizes[:-1]) == {2} and sizes[-1] in (1, 2)  # the last page is none that is empty
    assert not page(stock, rows, len(whole)).next_page_token


@pytest.mark.parametrize("rows", LISTS)
def test_a_page_is_as_large_as_it_may_be(stock, rows):
    most = LISTS[rows][3]
    at_most = page(stock, rows, most)
    assert page(stock, rows, most + 1) == at_most == page(stock, rows, 2**31 - 1)
    error = refused(page, stock, rows, -1)
    assert (error.reason, error.fields) == ("FIELD_INVALID", ["page_size"])


def test_more_than_a_page_may_have_is_a_page(world):
    tenant = world.tenant("crowd", domain="crowd.example")
    world.call("DirectoryService/ImportDirectory", {"users": [
        {"address": f"u{n}@crowd.example"} for n in range(205)]}, tenant.admin)
    for size in (200, 201, 2**31 - 1):
        first = world.call("DirectoryService/ListUsers", {"page_size": size}, tenant.admin)
        assert len(first.users) == 200 and first.next_page_token
    rest = world.call("DirectoryService/ListUsers", {"page_size": 1000, "page_token": first.next_page_token}, tenant.admin)
    assert len(rest.users) == 5 and not rest.next_page_token


@pytest.mark.parametrize("rows", LISTS)
def test_a_page_token_is_of_one_list(stock, rows):
    token = page(stock, rows).next_page_token
    again = page(stock, rows, 1, token)  # of another size
    assert len(getattr(again, rows)) == 1
    for other in LISTS:
        if other != rows:
            assert refused(page, stock, other, token=token).reason == "PAGE_TOKEN_INVALID", other
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for bad in (raw[16:], raw[:16], raw[:-1], raw + b"x", bytes([raw[0] ^ 1]) + raw[1:], raw[:-1] + bytes([raw[-1] ^ 1]), b"x"):
        text = base64.urlsafe_b64encode(bad).decode().rstrip("=")
        assert refused(page, stock, rows, token=text).reason == "PAGE_TOKEN_INVALID", bad
    for text in ("!", token + "=", token + " "):
        assert refused(page, stock, rows, token=text).reason == "PAGE_TOKEN_INVALID", text


def test_a_page_token_is_of_one_tenant_and_filter(stock):
    for _ in range(3):
        stock.make("other", "TemplateService/CreateTemplate", {"template": template_of()})
    token = page(stock, "templates").next_page_token
    assert refused(page, stock, "templates", token=token, who="other").reason == "PAGE_TOKEN_INVALID"
    token = page(stock, "issuers", who="platform", tenant="contoso").next_page_token
    assert page(stock, "issuers", token=token, who="platform", tenant="contoso").issuers
    for tenant in ("fabrikam", ""):
        error = refused(page, stock, "issuers", token=token, who="platform", tenant=tenant)
        assert error.reason == "PAGE_TOKEN_INVALID"
    token = page(stock, "events").next_page_token
    for changed in ({"operation": "put_group"}, {}, {"operation": "put_user", "denied_only": True}):
        assert refused(page, stock, "events", token=token, filter=changed).reason == "PAGE_TOKEN_INVALID"
    token = page(stock, "members").next_page_token
    assert refused(page, stock, "members", token=token, group="g1@contoso.com").reason == "PAGE_TOKEN_INVALID"
