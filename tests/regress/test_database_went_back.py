# SPDX-License-Identifier: Apache-2.0
"""The database goes back to an older state under running nodes: a copy of the cluster is put back, or a standby that had got
nothing for a while takes over. What workers remembered was recognized by counters, which came to the same number again with
something else behind it: so they granted people who existed only in the lost history, and refused the rightful, until they
were started again. Content whose row was lost opened for ever, and could be neither revoked nor tracked."""
import types
import uuid

import pytest

from authority import Authority, Identity, Issuer, Reader
from calls import call_on, everywhere, fresh_channel, outcome, reason
from old_state import Copy, Standby
from pg_hosts import Host
from pg_hosts import conninfo as conninfo_of
from stock import super_user
from waiting import eventually
from world import ROLES, VIEW, World, grant, template_of

ACQUIRE = "LicensingService/AcquireLicense"
TEMPLATES = "PublishingService/ListAvailableTemplates"
NATIVE = 1


class Story:
    """What is there before, what is lost, and what comes in its place. Whatever is lost is one change of its scope, and so is
    what comes instead: a count of changes would be the same."""

    def __init__(self, world, one, two):
        self.w, self.one, self.two = world, one, two
        self.admin, self.platform_admin = world.contoso.admin, world.platform_admin

    def call(self, path, request, who=None, **more):
        """All changes come by one of the nodes. The other one knows of them by the database alone."""
        return self.one.call(path, request, who or self.admin, **more)

    def told(self, made, token, node=None, who=None):
        """What a reader hears, the same on every worker."""
        license_ = made if isinstance(made, bytes) else made.publishing_license
        nodes = [node] if node else [self.one, self.two]
        request = {"publishing_license": license_, "client_public_jwk": self.w.reader.public}
        outcomes = {everywhere(node, ACQUIRE, request, who, token) for node in nodes}
        assert len(outcomes) == 1, outcomes
        return outcomes.pop()

    def protect(self, **request):
        return self.w.protect(on=self.one, **request)

    def amend(self, made, **change):
        return self.call("PublishingService/AmendPolicy", {"content_id": made.content_id, **change})

    # --- before ---

    def begin(self):
        w = self.w
        self.carol = w.fabrikam.token("carol")
        self.agent = w.agency.token("kim")
        self.template = w.template(grant("user:bob@fabrikam.com", VIEW))
        self.by_template = w.protect(template_id=self.template.template_id, recipients=[])
        w.call("DirectoryService/PutGroup", {"group": {"address": "staff@contoso.com"}}, w.contoso.admin)
        self.for_group = w.protect(recipients=["staff@contoso.com"])
        self.for_all = w.protect(recipients=["bob@fabrikam.com", "carol@fabrikam.com"])
        self.amended, self.taken = w.protect(), w.protect()
        self.across = w.protect(recipients=["kim@agency.us"])
        self.forged = Identity("phantom")
        self.ghost = Issuer("https://ghost.fabrikam.com")
        self.etag = w.call("TemplateService/GetTemplate", {"template_id": self.template.template_id}, self.admin).template.etag

    # --- what is lost ---

    def update_template(self, grants, etag=""):
        return self.call("TemplateService/UpdateTemplate", {
            "template": {"template_id": self.template.template_id, "etag": etag, **template_of(*grants)},
            "update_mask": {"paths": ["grants"]}}).template

    def lose(self):
        self.lost_template = self.update_template([grant("user:mallory@fabrikam.com", VIEW)])
        self.call("TenantService/AddExclusion", {"user": "carol@fabrikam.com"})
        self.call("TenantService/GrantSuperUser", super_user("user:eve@contoso.com"))
        self.call("ComponentService/CreateComponent", {"component": {
            "name": "phantom", "role": ROLES["gateway"], "tenant": "contoso", "sender_domains": ["contoso.com"],
            "certificate_sha256": [self.forged.fingerprint]}}, self.platform_admin)
        self.call("DirectoryService/AddMembers", {"group": "staff@contoso.com", "members": ["mallory@fabrikam.com"]})
        self.call("IssuerService/CreateIssuer", {"issuer": {
            "tenant": "fabrikam", "kind": 1, "issuer": self.ghost.iss, "audiences": ["chancery"], "algorithms": ["ES256"],
            "jwks_json": self.ghost.jwks(), "clock_skew_seconds": 30}}, self.platform_admin)
        self.set_rule("commercial", "gcc-high")
        self.amend(self.amended, add_recipients=["mallory@fabrikam.com"])
        self.amend(self.taken, remove_principals=["user:bob@fabrikam.com"])

    def set_rule(self, content, reader):
        self.call("BoundaryService/SetRule", {"rule": {"content_boundary": content, "reader_boundary": reader, "rule": NATIVE}},
                  self.platform_admin)

    def check_lost(self):
        """All of it holds, and every worker of both nodes knows it."""
        mallory, ghost = self.w.mallory, self.ghost.token("bob@fabrikam.com")
        assert self.told(self.by_template, mallory) == "OK"
        assert self.told(self.by_template, self.w.bob) == "NO_RIGHTS"
        assert self.told(self.for_all, self.carol) == "EXCLUDED"
        assert self.told(self.for_all, self.w.eve) == "OK"
        assert self.told(self.for_group, mallory) == "OK"
        assert self.told(self.for_all, ghost) == "OK"
        assert self.told(self.across, self.agent) == "OK"
        assert self.told(self.amended, mallory) == "OK"
        assert self.told(self.taken, self.w.bob) == "NO_RIGHTS"
        assert self.phantom() == {"OK"}

    def phantom(self):
        return {everywhere(node, TEMPLATES, {"owner": "alice@contoso.com"}, self.forged) for node in (self.one, self.two)}

    # --- what comes instead ---

    def begin_anew(self):
        self.new_template = self.update_template([grant("user:bob@fabrikam.com", VIEW), grant("owner", VIEW)])
        for number in range(3):
            self.call("TenantService/UpdateTenant", {"tenant": {"display_name": f"C {number}"},
                                                     "update_mask": {"paths": ["display_name"]}})
        self.call("DirectoryService/AddMembers", {"group": "staff@contoso.com", "members": ["dan@fabrikam.com"]})
        self.call("TenantService/UpdateTenant", {"tenant": {"display_name": "F"}, "update_mask": {"paths": ["display_name"]}},
                  self.w.fabrikam.admin)
        self.set_rule("dod", "gcc")
        self.set_rule("dod", "commercial")  # one for the ghost issuer
        self.amend(self.amended, add_recipients=["dan@fabrikam.com"])
        self.amend(self.taken, add_recipients=["dan@fabrikam.com"])

    def check(self):
        w, ghost = self.w, self.ghost.token("bob@fabrikam.com")
        assert self.told(self.by_template, w.mallory) == "NO_RIGHTS"
        assert self.told(self.by_template, w.bob) == "OK"
        assert self.told(self.for_all, self.carol) == "OK"
        assert self.told(self.for_all, w.eve) == "NO_RIGHTS"
        assert self.told(self.for_group, w.mallory) == "NO_RIGHTS"
        assert self.told(self.for_all, ghost) == "TOKEN_ISSUER_UNKNOWN"
        assert self.told(self.across, self.agent) == "PORTAL_REQUIRED"
        assert self.told(self.amended, w.mallory) == "NO_RIGHTS"
        assert self.told(self.taken, w.bob) == "OK"
        assert self.phantom() == {"COMPONENT_UNKNOWN"}


def settled(node, who):
    """Every worker of the node has its database."""
    channels = [fresh_channel(node, who) for _ in range(8)]
    try:
        eventually(lambda: {call_on(channel, "TenantService/GetTenant", {}) for channel in channels} == {"OK"},
                   lambda: f"the node serves: {node.log[-5:]}", 40, pause=0.1)
    finally:
        for channel in channels:
            channel.close()


@pytest.fixture(scope="module", params=[Copy, Standby], ids=["copy", "standby"])
def story(request):
    authority = Authority()
    nodes, old = [], None
    try:
        authority.migrate()
        authority.start()
        told = Story(World(authority), None, None)
        told.begin()
        old = request.param(authority.postgres)
        hosts = [authority.postgres.folder] + ([old.standby.folder] if request.param is Standby else [])
        conninfo = f"host={','.join(hosts)} dbname=postgres user=server"
        for _ in range(2):
            nodes.append(authority.node(database={"conninfo": conninfo}).start())
        told.one, told.two = nodes
        tell(told, old, authority.postgres)
        yield told
    finally:
        for node in nodes:
            node.stop()
        authority.close()
        if old:
            old.close()


def tell(told, old, postgres):
    """The lost history, the way back, and what comes then."""
    told.lose()
    told.check_lost()
    told.made = types.SimpleNamespace(
        one=told.protect(display_name="Budget"), two=told.protect(), three=told.protect(recipients=["carol@fabrikam.com"]),
        four=told.protect(custom={"grants": [grant("user:bob@fabrikam.com", 14)]}))
    told.request = {"request_id": str(uuid.uuid4()), "recipients": ["bob@fabrikam.com"]}
    told.first = told.protect(**told.request)
    told.call("TenantService/CreateTenant", {"tenant": {"tenant": "atlantis", "boundary": "commercial"}}, told.platform_admin)
    told.page = told.call("TenantService/ListTenants", {"page_size": 2}, told.platform_admin)
    marked(told, postgres)
    told.postgres = old.go_back()
    for node in (told.one, told.two):
        settled(node, told.admin)
    told.begin_anew()


def marked(told, postgres):
    """A minute passes, and the nodes see it."""
    postgres.sql("UPDATE history SET number = number + 2, mark = mark_new(), marked_at = now()")
    postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'server'")
    for node in (told.one, told.two):
        settled(node, told.admin)


def test_nobody_of_the_lost_history_is_granted_and_nobody_rightful_is_refused(story):
    story.check()


def test_an_etag_of_the_lost_history_changes_nothing(story):
    """It would have overwritten what somebody else has changed since."""
    grants = [grant("user:mallory@fabrikam.com", VIEW)]
    assert reason(story.update_template, grants, etag=story.lost_template.etag) == "ETAG_MISMATCH"
    assert reason(story.update_template, grants, etag=story.etag) == "ETAG_MISMATCH"
    story.new_template = story.update_template([grant("user:bob@fabrikam.com", VIEW)], etag=story.new_template.etag)


def test_content_that_was_lost_is_known_from_its_first_license_on(story):
    made = story.made.one
    assert reason(story.call, "TrackingService/Revoke", {"content_id": made.content_id}) == "NOT_FOUND"
    assert story.told(made, story.w.bob, story.two) == "OK"
    row = next(content for content in story.call("TrackingService/ListContent", {}).contents
               if content.content_id == made.content_id)
    assert (row.owner, row.display_name, row.issuer) == ("alice@contoso.com", "Budget", "contoso-gateway")
    when = uuid.UUID(made.content_id).int >> 80
    assert abs(row.create_time.ToMilliseconds() - when) <= 1000
    events = story.call("TrackingService/ListAccess", {"content_id": made.content_id}).events
    assert len(events) == 8 and all(event.granted for event in events)
    story.call("TrackingService/Revoke", {"content_id": made.content_id})
    assert story.told(made, story.w.bob) == "REVOKED"
    story.call("TrackingService/Restore", {"content_id": made.content_id})
    assert story.amend(made, remove_principals=["user:bob@fabrikam.com"]).version == 1
    assert story.told(made, story.w.bob) == "NO_RIGHTS"


def test_a_refused_reader_makes_it_known_as_well(story):
    made = story.made.three
    assert story.told(made, story.w.mallory, story.two) == "NO_RIGHTS"
    story.call("TrackingService/Revoke", {"content_id": made.content_id})
    assert story.told(made, story.carol) == "REVOKED"


def test_content_that_was_lost_is_revoked_by_its_license(story):
    """Nobody has asked for a license yet."""
    for made, token in ((story.made.two, story.w.alice), (story.made.four, story.w.bob)):
        license_ = {"publishing_license": made.publishing_license}
        assert reason(story.one.call, "TrackingService/Revoke", license_, None, story.w.mallory) in ("NO_RIGHTS", "RIGHT_MISSING")
        story.one.call("TrackingService/Revoke", license_, None, token)
        assert story.told(made, story.w.bob) == "REVOKED"
        assert story.told(made, story.w.alice) == "OK"


def test_a_request_id_whose_content_was_lost_makes_another(story):
    """Nothing is known of the first one: both open."""
    again = story.protect(**story.request)
    assert again.content_id != story.first.content_id
    assert story.protect(**story.request).content_id == again.content_id
    reader = Reader()
    keys = [story.two.verify(story.two.call(ACQUIRE, {
        "publishing_license": made.publishing_license, "client_public_jwk": reader.public}, None, story.w.bob).use_license,
        reader)[1] for made in (story.first, again)]
    assert keys[0] != keys[1]


def test_a_page_after_a_lost_row_goes_on_behind_it(story):
    assert [tenant.tenant for tenant in story.page.tenants] == ["agency", "atlantis"]
    for node in (story.one, story.two):
        rest = node.call("TenantService/ListTenants", {"page_token": story.page.next_page_token}, story.platform_admin)
        assert [tenant.tenant for tenant in rest.tenants] == ["contoso", "fabrikam"]


def test_what_belongs_to_a_lost_tenant_is_free(story):
    for node in (story.one, story.two):
        assert reason(node.call, "TenantService/GetTenant", {"tenant": "atlantis"}, story.platform_admin) == "NOT_FOUND"
    story.one.call("TenantService/CreateTenant", {"tenant": {"tenant": "atlantis", "boundary": "commercial"}},
                   story.platform_admin)


def is_counted(node, what, event):
    """Each worker that noticed has said so in the log, and counted it."""
    line = f'chancery_db_history_changes_total{{what="{what}"}} {len(node.logged(event))}\n'
    return line in node.page("/metrics")[1] + "\n"


def test_the_operator_hears_of_it(story):
    for node in (story.one, story.two):
        assert node.logged("db.went_back"), node.log[-20:]
        assert all(line["level"] == "error" and line["is"] < line["was"] for line in node.logged("db.went_back"))
        eventually(lambda node=node: is_counted(node, "lost", "db.went_back"), "it is counted")
    if hasattr(story.postgres, "promoted"):
        for node in (story.one, story.two):
            line = node.logged("db.other_history")[0]
            assert line["timeline"] > line["was_timeline"] and line["system"] == line["was_system"]
            eventually(lambda node=node: is_counted(node, "timeline", "db.other_history"), "it is counted")


KEPT = 6  # connections of one worker that are open at all times; more come when somebody waits


def test_a_worker_is_in_one_history_at_a_time():
    """The primary was given up, and still answers whoever is connected. A worker that has found the new one leaves it."""
    authority, old, node = Authority(workers=1), None, None
    try:
        authority.migrate()
        authority.start()
        world = World(authority)
        made = world.made
        authority.stop()
        old = Standby(authority.postgres)
        first, second = Host(authority.postgres), Host(old.standby)
        node = authority.node(database={"conninfo": conninfo_of([("127.0.0.1", first.port), ("127.0.0.1", second.port)])})
        node.start()
        old.promote()
        first.shut()
        open_ = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'server'"
        assert int(authority.postgres.sql(open_)) >= KEPT
        authority.postgres.sql("SELECT pg_terminate_backend(min(pid)) FROM pg_stat_activity WHERE usename = 'server'")
        eventually(lambda: authority.postgres.sql(open_) == "0" and int(old.standby.sql(open_)) >= KEPT,
                   lambda: f"all connections are new: {node.log[-20:]}")
        eventually(lambda: outcome(world.acquire, made, world.bob, on=node) == "OK", "the node serves")
        assert len(node.logged("db.other_history")) == 1 and not node.logged("db.went_back")
        assert int(old.standby.sql("SELECT count(*) FROM audit WHERE operation = 'acquire_license'")) == 1
    finally:
        if node:
            node.stop()
        authority.close()
        if old:
            old.close()
