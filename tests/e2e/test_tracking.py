# SPDX-License-Identifier: Apache-2.0
"""What owners see of their content, and are told by mail (docs/policy.md §3.13), with a real SMTP server."""
import email
import email.policy
import re

import pytest

from calls import reason, refused
from command import run, with_certificate, with_token
from devices import Person, device_of
from mail_relay import authority_options, relay  # noqa: F401  pylint: disable=W0611
from stock import super_user
from waiting import eventually
from world import BY_SUPER_USER

HIDDEN = "group:council@contoso.com"
INSIDE = ["bob@fabrikam.com", "carol@contoso.com", "wanda@contoso.com"]


@pytest.fixture(name="switched")
def _switched(world):
    """Switch something for Contoso; afterwards all is as before."""
    yield lambda **fields: world.update_tenant(**fields)
    world.update_tenant(do_not_track=[], notify_owners=False)


@pytest.fixture(scope="module", name="world")
def _world(world):
    """Tokens name groups here."""
    assert world.contoso and world.fabrikam
    world.changed_by_hand("UPDATE issuer SET claim_groups = 'groups'")
    return world


@pytest.fixture(scope="module", name="wanda")
def _wanda(world):
    """She is of the council, by her token."""
    return world.contoso.token("wanda", groups=["council@contoso.com"])


def content_of(world, made, token=None):
    who = {"token": token} if token else {"who": world.contoso.admin}
    return world.call("TrackingService/GetContent", {"content_id": made.content_id}, **who)


def accesses(world, made, token=None, who=None):
    return world.call("TrackingService/ListAccess", {"content_id": made.content_id}, who, token or (
        None if who else world.alice)).events


def notices(world, made, columns="count(*)"):
    return world.sql(f"SELECT {columns} FROM owner_notice WHERE content = '{made.content_id}'")


def owner_of(world, address):
    """An owner whose mailbox nobody else's mails come to."""
    return {"owner": address, "notify_owner": True, "recipients": INSIDE}


def period_ends(world, made):
    """Five minutes later."""
    world.sql("UPDATE owner_notice SET ends_at = greatest(now(), begins_at + interval '1 second'), mail_at = now() "
              f"WHERE content = '{made.content_id}' AND mail_state = 1")


def settled(world, made):
    period_ends(world, made)
    return eventually(lambda: notices(world, made, "mail_state") not in ("", "1") and notices(world, made, "mail_state"),
                      "the mail has come to its end", 60)


def text_of(mail):
    return email.message_from_bytes(mail[2], policy=email.policy.default).get_content().replace("\r\n", "\n")


def told(world, relay, made, address):
    """The one mail that the owner gets about it."""
    assert settled(world, made) == "2"
    mails = [mail for mail in relay.mails if address in mail[1]]
    assert len(mails) == 1, len(mails)
    return text_of(mails[0])


# --- mails ----------------------------------------------------------------------------------------


def test_one_mail_tells_all_of_some_minutes(world, relay, switched):
    switched(notify_owners=True)
    made = world.protect(display_name="Plan für März", **owner_of(world, "anna@contoso.com"))
    for _ in range(3):
        assert world.acquire(made, world.bob).rights
    assert reason(world.acquire, made, world.mallory) == "NO_RIGHTS"
    assert world.acquire(made, world.contoso.token("anna")).rights  # she knows of that
    world.call("LicensingService/InspectContent", {"publishing_license": made.publishing_license}, token=world.bob)
    assert notices(world, made) == "1"
    text = told(world, relay, made, "anna@contoso.com")
    assert "    Plan für März\n" in text and made.content_id in text
    assert "Opened: 3, refused: 1 " in text
    lines = re.findall(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  (.*)$", text, re.M)
    assert lines == ["bob@fabrikam.com  OK"] * 3 + ["mallory@fabrikam.com  NO_RIGHTS"]
    assert "://" not in text and "anna" not in text
    row = world.audit(tenant="contoso", operation="notify_owner", content_id=made.content_id)[0]
    assert row.granted and row.target == "anna@contoso.com: mailed"


def test_the_owner_is_not_told_of_themselves_by_an_alias(world, relay, switched):
    """As the tenant's directory has it; somebody else's address stays one, and so does an alias in a domain that nobody has proven."""
    switched(notify_owners=True)
    world.call("DirectoryService/PutUser", {"user": {"address": "ines@contoso.com", "aliases": ["ines.alias@contoso.com"]}}, world.contoso.admin)
    made = world.protect(**owner_of(world, "ines@contoso.com"))
    assert world.acquire(made, world.bob).rights
    assert world.acquire(made, world.contoso.token("ines.alias")).rights
    assert {event.user for event in accesses(world, made, who=world.contoso.admin)} >= {"bob@fabrikam.com", "ines.alias@contoso.com"}
    text = told(world, relay, made, "ines@contoso.com")
    assert "Opened: 1, refused: 0 " in text and "alias" not in text and "bob@fabrikam.com  OK" in text


def test_who_did_not_ask_is_not_told(world, switched):
    made = world.protect(recipients=INSIDE, notify_owner=True)
    assert world.acquire(made, world.bob).rights  # the tenant lets nobody be told
    switched(notify_owners=True)
    silent = world.protect(recipients=INSIDE)
    assert world.acquire(silent, world.bob).rights
    assert notices(world, made) == notices(world, silent) == "0"
    assert not content_of(world, silent).content.notify_owner and content_of(world, made).content.notify_owner


def test_a_wish_may_come_later_and_go(world, switched):
    switched(notify_owners=True)
    made = world.protect(recipients=INSIDE)

    def wish(on, token=None, who=None):
        return world.call("TrackingService/SetNotification", {"content_id": made.content_id, "notify_owner": on}, who, token)

    for token in (world.bob, world.mallory, world.carol):
        assert reason(wish, True, token) == "NOT_FOUND"
    assert reason(wish, True, who=world.gateway) == "COMPONENT_ROLE"
    wish(True, world.alice)
    wish(True, world.alice)
    assert content_of(world, made, world.alice).content.notify_owner
    assert world.acquire(made, world.bob).rights and notices(world, made) == "1"
    row = world.audit(tenant="contoso", operation="set_notification", content_id=made.content_id)[0]
    assert (row.user, row.target) == ("alice@contoso.com", "owner is told by mail")
    wish(False, who=world.contoso.admin)
    assert settled(world, made) == "3"  # it counts when it is sent
    assert not world.audit(tenant="contoso", operation="notify_owner", content_id=made.content_id)


@pytest.mark.parametrize("what", ["tenant", "owner", "domain"])
def test_what_ends_meanwhile_ends_the_mail(world, relay, switched, what):
    switched(notify_owners=True)
    address = f"{what}@contoso.com"
    made = world.protect(**owner_of(world, address))
    assert world.acquire(made, world.bob).rights and notices(world, made) == "1"
    if what == "tenant":
        switched(notify_owners=False)
    elif what == "owner":
        world.call("TenantService/AddExclusion", {"user": address}, world.contoso.admin)
    else:
        world.sql(f"UPDATE owner_notice SET owner = 'alice@gone.example' WHERE content = '{made.content_id}'")
    assert settled(world, made) == "3"
    assert not [mail for mail in relay.mails if address in mail[1] or "alice@gone.example" in mail[1]]


def test_an_owner_gets_so_many_mails_an_hour(world, switched):
    switched(notify_owners=True)
    made = world.protect(**owner_of(world, "busy@contoso.com"))
    assert world.acquire(made, world.bob).rights
    world.sql("INSERT INTO owner_notice (tenant, content, owner, begins_at, ends_at, mail_at, mail_state) SELECT "
              f"'{world.contoso.id}', gen_random_uuid(), 'busy@contoso.com', now(), now() + interval '1 minute', now(), 2 "
              "FROM generate_series(1, 60)")
    assert settled(world, made) == "3"
    row = world.audit(tenant="contoso", operation="notify_owner", content_id=made.content_id)[0]
    assert (row.granted, row.reason, row.target) == (False, "NOTICE_LIMIT", "busy@contoso.com: not mailed")


def test_what_waited_for_the_relay_counts_too(world, relay, switched):
    """By when they are mailed, and not by when it was that they tell of."""
    switched(notify_owners=True)
    world.sql("INSERT INTO owner_notice (tenant, content, owner, begins_at, ends_at, mail_at, mail_state) SELECT "
              f"'{world.contoso.id}', gen_random_uuid(), 'late@contoso.com', now() - interval '20 h', now() - interval '19 h', "
              "now() - interval '1 min', 2 FROM generate_series(1, 58)")
    made = [world.protect(**owner_of(world, "late@contoso.com")) for _ in range(4)]
    for each in made:
        assert world.acquire(each, world.bob).rights
    listed = ", ".join(f"'{each.content_id}'" for each in made)
    world.sql("UPDATE owner_notice SET ends_at = greatest(now(), begins_at + interval '1 second'), mail_at = now() "
              f"WHERE content IN ({listed})")
    eventually(lambda: world.sql(f"SELECT count(*) FROM owner_notice WHERE content IN ({listed}) AND mail_state = 1") == "0", "all ended")
    assert sorted(notices(world, each, "mail_state") for each in made) == ["2", "2", "3", "3"]
    assert len([mail for mail in relay.mails if "late@contoso.com" in mail[1]]) == 2


def test_long_addresses_hide_nothing(world, relay, switched):
    switched(notify_owners=True)
    made = world.protect(**owner_of(world, "patient@contoso.com"))
    assert world.acquire(made, world.bob).rights
    longest = "ü" * 250 + "@" + ".".join(["x" * 60] * 4)  # of those that a token may have
    world.sql("INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component_name, content, "
              "client_address, user_agent, correlation_id) SELECT tenant, at + n * interval '1 microsecond', gen_random_uuid(), operation, "
              f"granted, reason, '{longest}', '', content, '', '', '' FROM audit, generate_series(1, 19) AS n "
              f"WHERE content = '{made.content_id}' AND operation = 'acquire_license'")
    text = told(world, relay, made, "patient@contoso.com")
    assert text.count(longest) == 19 and "bob@fabrikam.com" in text


def test_what_the_relay_refuses_is_recorded(world, relay, switched):
    switched(notify_owners=True)
    relay.answers["nobody@contoso.com"] = "550 no such mailbox"
    made = world.protect(**owner_of(world, "nobody@contoso.com"))
    assert world.acquire(made, world.bob).rights
    assert settled(world, made) == "3"
    row = world.audit(tenant="contoso", operation="notify_owner", content_id=made.content_id)[0]
    assert row.reason == "MAIL_REFUSED" and "550" in row.target


def test_many_are_counted_and_some_named(world, relay, switched):
    switched(notify_owners=True)
    made = world.protect(**owner_of(world, "many@contoso.com"))
    for _ in range(25):
        world.acquire(made, world.bob)
    text = told(world, relay, made, "many@contoso.com")
    assert "Opened: 25, refused: 0 " in text and text.count("bob@fabrikam.com") == 20 and text.rstrip().endswith("…")


# --- who is not shown -----------------------------------------------------------------------------


def test_members_of_some_groups_are_not_shown(world, relay, switched, wanda):
    made = world.protect(**owner_of(world, "dana@contoso.com"))
    dana = world.contoso.token("dana")
    assert world.acquire(made, wanda).rights
    assert [event.user for event in accesses(world, made, dana)] == ["wanda@contoso.com"]
    switched(do_not_track=[HIDDEN], notify_owners=True)
    for token in (wanda, world.bob, world.carol):
        assert world.acquire(made, token).rights
    world.track("Revoke", made, user="wanda@contoso.com")
    assert reason(world.acquire, made, wanda) == "REVOKED"
    shown = ["carol@contoso.com", "bob@fabrikam.com", "wanda@contoso.com"]  # the last one is from before
    for who in ({"token": dana}, {"who": world.contoso.admin}, {"who": world.gateway}):
        assert [event.user for event in accesses(world, made, **who)] == shown
    logged = world.audit(tenant="contoso", operation="acquire_license", content_id=made.content_id)
    assert [(row.user, row.reason) for row in logged][:1] == [("wanda@contoso.com", "REVOKED")]
    assert len(logged) == 5 and content_of(world, made, dana).summary.readers == 3
    assert told(world, relay, made, "dana@contoso.com").count("wanda") == 1  # likewise
    switched(do_not_track=[])
    assert [event.user for event in accesses(world, made, dana)] == shown  # what was hidden stays so


def test_outsiders_and_lent_power_are_shown(world, switched):
    switched(do_not_track=[HIDDEN, "group:everybody@fabrikam.com"])
    made = world.protect(recipients=INSIDE)
    boss = world.contoso.token("boss", groups=["council@contoso.com"])
    assert world.acquire(made, world.fabrikam.token("bob", groups=["everybody@fabrikam.com"])).rights
    world.call("TenantService/GrantSuperUser", super_user("user:boss@contoso.com"), world.contoso.admin)
    assert world.acquire(made, boss).rights
    events = accesses(world, made)
    assert [event.user for event in events] == ["boss@contoso.com", "bob@fabrikam.com"]
    assert events[0].power == BY_SUPER_USER


def test_who_joins_a_group_of_the_directory_is_not_shown(world, switched):
    switched(do_not_track=["group:quiet@contoso.com"])
    made = world.protect(recipients=[*INSIDE, "quentin@contoso.com"])
    quentin = world.contoso.token("quentin")
    assert world.acquire(made, quentin).rights
    for method, request in (("PutGroup", {"group": {"address": "quiet@contoso.com"}}),
                            ("AddMembers", {"group": "quiet@contoso.com", "members": ["quentin@contoso.com"]})):
        world.call(f"DirectoryService/{method}", request, world.contoso.admin)
    assert world.acquire(made, quentin).rights
    assert len(accesses(world, made)) == 1


def test_only_groups_are_named(world):
    for wrong in ("user:alice@contoso.com", "contoso.com", "council@contoso.com", "group:", "everybody"):
        error = refused(world.update_tenant, do_not_track=[HIDDEN, wrong])
        assert error.reason == "FIELD_INVALID" and error.fields == ["tenant.do_not_track[1]"], wrong
    assert reason(world.update_tenant, do_not_track=[f"group:g{n}@contoso.com" for n in range(101)]) == "FIELD_INVALID"
    world.update_tenant(do_not_track=[f"group:g{n}@contoso.com" for n in range(100)])
    assert len(world.call("TenantService/GetTenant", {}, world.contoso.admin).tenant.do_not_track) == 100
    world.update_tenant(do_not_track=[])


def test_what_is_not_understood_hides_all_members(world, switched):
    switched(do_not_track=[HIDDEN])
    world.changed_by_hand("UPDATE tenant SET do_not_track = '{\"circle:of friends\"}' WHERE name = 'contoso'")
    made = world.protect(recipients=INSIDE)
    assert world.acquire(made, world.carol).rights and world.acquire(made, world.bob).rights
    assert [event.user for event in accesses(world, made)] == ["bob@fabrikam.com"]


# --- numbers --------------------------------------------------------------------------------------


def test_a_summary_says_what_became_of_it(world):
    made = world.protect(recipients=INSIDE)
    assert content_of(world, made).summary == type(content_of(world, made).summary)()
    for token in (world.bob, world.bob, world.carol):
        world.acquire(made, token)
    assert reason(world.acquire, made, world.mallory) == "NO_RIGHTS"
    summary, events = content_of(world, made, world.alice).summary, accesses(world, made)
    assert (summary.opened, summary.readers, summary.refused, summary.pre_licensed, summary.partial) == (3, 2, 1, 0, False)
    assert summary.last_refuse_time == events[0].time and summary.last_open_time == events[1].time
    assert summary.first_open_time == events[3].time
    assert reason(content_of, world, made, world.mallory) == "NOT_FOUND"


def test_licenses_before_they_are_asked_for_are_marked(world):
    kim = Person(world, world.fabrikam, "kim")
    kim.reader = device_of(kim)
    made = world.protect(recipients=[kim.address, "nobody@fabrikam.com"])
    world.call("LicensingService/PreLicense", {"publishing_license": made.publishing_license, "recipients": [
        {"address": kim.address}, {"address": "nobody@fabrikam.com"}]}, world.gateway)
    assert [(event.user, event.pre_licensed) for event in accesses(world, made)] == [(kim.address, True)]
    summary = content_of(world, made).summary
    assert (summary.opened, summary.refused, summary.pre_licensed) == (0, 0, 1)


def test_commands(world, switched):
    switched(notify_owners=False)
    with_certificate(world, "tracking-admin", world.contoso.admin)
    with_certificate(world, "edge", world.gateway)
    with_token(world, "tracking-alice", world.alice)
    run(world, "tenant update", "tracking-admin", "--do-not-track", HIDDEN)
    run(world, "tenant switch", "tracking-admin", "notify-owners", "on")
    shown = run(world, "tenant get", "tracking-admin").stdout
    assert f"not tracked  {HIDDEN}" in shown and "notify-owners on" in shown
    run(world, "tenant update", "tracking-admin", "--track-everybody")
    assert "not tracked" not in run(world, "tenant get", "tracking-admin").stdout
    source = f"{world.a.folder}/told.txt"
    world.a.write("told.txt", b"text")
    made = run(world, "protect", "edge", "--do-not-forward", "--owner", "alice@contoso.com", "--recipient", "bob@fabrikam.com",
               "--notify-owner", source, f"{source}.protected").stdout.strip()
    get = {"content_id": made}
    assert world.call("TrackingService/GetContent", get, token=world.alice).content.notify_owner
    assert "not told" in run(world, "track", "tracking-alice", "--notify", "off", made).stdout
    assert not world.call("TrackingService/GetContent", get, token=world.alice).content.notify_owner
    assert "is told" in run(world, "track", "tracking-alice", "--notify", "on", made).stdout
    assert "--notify" in run(world, "track", "tracking-alice", "--notify", "perhaps", made, expect=2).stderr
