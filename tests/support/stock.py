# SPDX-License-Identifier: Apache-2.0
"""What the requests of the catalogue (methods.py) find, change and use up: rows that are numbered from 1, so that each
request has one of its own. They are all of Contoso and the boundary commercial, but for those of the second admin."""
import os
import time

import importing
from dns_server import txt
from passcodes import code_of, sealing_key
from proofs import thumbprint_of
from publisher import Publisher
from signals import RISC, Transmitter, email
from world import MULTI_TENANT

UUIDS = {"template": "8000", "archived": "8010", "component": "8020", "issuer": "8030", "mapping": "8040",
         "approval": "8050", "export": "8051", "accept": "8061", "withdraw": "8062", "rule": "8070", "other_rule": "8071",
         "passcode": "8080", "transmitter": "8090", "token": "80a0"}


EXCHANGE = 2
# Versions of Fabrikam's exchange key from here on, with the state and the date of destruction that each is found in.
KEYS = {"revoke": (1000, 2, "NULL"), "restore": (2000, 3, "NULL"), "destroy": (3000, 2, "NULL"),
        "activate": (5000, 2, "NULL"), "shut": (6000, 2, "NULL"),
        "cancel": (4000, 3, "now() + interval '30 days'")}


def stock_id(kind, number):
    return f"00000000-0000-7000-{UUIDS[kind]}-{number:012d}"


def super_user(principal, seconds=3600):
    return {"principal": principal, "reason": "x", "expire_time": {"seconds": int(time.time()) + seconds}}


class Stock:
    """amount: how many rows of each kind, so how many requests of each method; dns: where records of domains are."""

    def __init__(self, world, amount, dns):
        self.w, self.amount, self.counts = world, amount, {}
        dns.records.update({f"_chancery.v{n}.example": [txt(b"chancery-domain-verification=p")]
                            for n in range(1, amount + 1)})
        self.jwk = world.reader.public
        self._insert()
        self.two = world.tenant("tailspin", domain="tailspin.com")  # whose acts need a second admin
        self.asker, self.approver = self.two.admin, self.two.second_admin
        world.update_tenant(self.asker, two_person=[1])
        self.approval = world.call("TenantService/GrantSuperUser", super_user("user:s@tailspin.com"),
                                   self.asker).approval_id
        self._insert_approvals()
        self.issuer = world.call("IssuerService/CreateIssuer", {"issuer": {
            "kind": MULTI_TENANT, "boundary": "commercial", "issuer": "https://login.example/{tenantid}/v2.0",
            "audiences": ["x"], "algorithms": ["ES256"], "jwks_json": world.contoso.issuer.jwks()}},
            world.platform_admin).issuer.issuer_id
        self._insert_mappings()
        self.made = world.protect()
        self.answer = world.call("PublishingService/Answer", {
            "publishing_license": self.made.publishing_license, "kind": 1, "client_public_jwk": self.jwk},
            world.portal, user_token=world.bob).response
        self.publisher = Publisher().certified(world)
        self.template = world.template().template_id
        self._insert_passcodes()
        self._insert_devices()
        self._insert_signals()
        self._insert_tokens()
        self.sql(f"UPDATE content SET revoked_users = ARRAY(SELECT 'r' || n || '@fabrikam.com' FROM "
                 f"generate_series(1, {amount}) AS n) WHERE content = '{self.made.content_id}'")

    def number(self, path):
        """The next number for a method."""
        count = self.counts[path] = self.counts.get(path, 0) + 1
        assert count <= self.amount, f"the stock for {path} is used up"
        return count

    def last(self, number):
        """The numbers from the other end: for what is changed and kept, while the first ones are deleted."""
        return self.amount + 1 - number

    def key(self, kind, number):
        """A version of a key that is in the state which this act finds."""
        return KEYS[kind][0] + number

    def active_key(self, purpose):
        """The etag of Contoso's active key: a request that comes twice rotates once."""
        return self.w.sql(f"SELECT mark FROM tenant_key WHERE tenant = '{self.w.contoso.id}' AND purpose = {purpose} AND state = 1")

    def lowest(self, number):
        """Version 1, and by it a version opens again that is shut."""
        self.w.sql(f"UPDATE tenant_key SET is_shut = true WHERE tenant = '{self.w.fabrikam.id}' AND purpose = {EXCHANGE} AND "
                   f"version = {self.key('shut', number)}")
        return 1

    def imported(self):
        """A sealing key for Fabrikam, wrapped to an import key of its own."""
        return importing.request(importing.insert(self.w, self.w.fabrikam), 1, os.urandom(32))

    def sql(self, text):
        self.w.sql(text)

    def _insert(self):
        contoso, numbers = self.w.contoso.id, f"generate_series(1, {self.amount}) AS n"

        def ids(kind):
            return f"('00000000-0000-7000-{UUIDS[kind]}-' || lpad(n::text, 12, '0'))::uuid"

        for kind, is_archived in (("template", "false"), ("archived", "true")):
            self.sql("INSERT INTO template (tenant, template, archived, offline_days, grant_principals, grant_rights, "
                     f"name_languages, name_texts) SELECT '{contoso}', {ids(kind)}, {is_archived}, 0, '{{owner}}', "
                     f"'{{VIEW}}', '{{en}}', '{{T}}' FROM {numbers}")
        # Rules that require TLS; of Fabrikam two, which are put into another order.
        self.sql("INSERT INTO mail_rule (tenant, rule, position, name, mode, definition, value_count, pattern_count) "
                 f"SELECT '{contoso}', {ids('rule')}, n, 'rule' || n, 1, '\\x32022801', 0, 0 FROM {numbers}; "
                 "INSERT INTO mail_rule (tenant, rule, position, name, mode, definition, value_count, pattern_count) "
                 f"SELECT '{self.w.fabrikam.id}', {ids('other_rule')}, n, 'rule' || n, 1, '\\x32022801', 0, 0 "
                 "FROM generate_series(1, 2) AS n")
        for first, state, date in KEYS.values():
            self.sql("INSERT INTO tenant_key (tenant, purpose, version, state, root_version, wrapped, destroy_at) SELECT "
                     f"'{self.w.fabrikam.id}', {EXCHANGE}, {first} + n, {state}, 1, 'x', {date} FROM {numbers}")
        self.branding("kept", 0)
        self.sql(f"INSERT INTO exclusion (tenant, kind, value) SELECT '{contoso}', 2, 'app' || n FROM {numbers}")
        self.sql(f"INSERT INTO denial (tenant, side, partner) SELECT '{contoso}', 2, 'domain:d' || n || '.example' "
                 f"FROM {numbers}")
        self.sql("SELECT directory_put(tenant, '', u, u, array_fill(false, ARRAY[cardinality(u)]), '{}', '{}', "
                 "g || staff, g || staff, array_fill(''::text, ARRAY[cardinality(g) + 1]), array_fill(staff, "
                 f"ARRAY[cardinality(m)]), m) FROM (SELECT '{contoso}'::uuid AS tenant, 'staff@contoso.com'::text AS "
                 "staff, array_agg('u' || n || '@contoso.com') AS u, array_agg('g' || n || '@contoso.com') AS g, "
                 f"array_agg('m' || n || '@contoso.com') AS m FROM {numbers}) AS a")
        self.sql("INSERT INTO tenant_domain (tenant, domain, proof) SELECT "
                 f"'{contoso}', kind || n || '.example', 'p' FROM unnest('{{v,r}}'::text[]) AS kind, {numbers}")
        self.sql("INSERT INTO component (tenant, component, name, role, boundary) SELECT "
                 f"'{contoso}', {ids('component')}, 'c' || n, 1, 'commercial' FROM {numbers}; "
                 "INSERT INTO component_certificate (fingerprint, tenant, component) SELECT "
                 "sha256(component::text::bytea), tenant, component FROM component WHERE name ~ '^c[0-9]+$'")
        self.sql("INSERT INTO super_user (tenant, principal, reason, granted_by, expires_at) SELECT "
                 f"'{self.w.fabrikam.id}', 'user:s' || n || '@fabrikam.com', 'x', 'x', now() FROM {numbers}")
        self.sql("INSERT INTO issuer (tenant, issuer, boundary, kind, iss, audiences, algorithms, jwks_json) SELECT "
                 f"'{contoso}', {ids('issuer')}, 'commercial', 1, 'https://i.example/' || n, '{{x}}', '{{ES256}}', "
                 f"'{{}}' FROM {numbers}")
        # Partners to propose an exception to (p), with one to accept (q), with one to withdraw (t); to be updated (x).
        self.sql("INSERT INTO tenant (tenant, name, display_name, boundary, state, license_cap_days) SELECT "
                 "gen_random_uuid(), kind || n, '', CASE kind WHEN 'x' THEN 'commercial' ELSE 'gcc-high' END, 1, 30 "
                 f"FROM unnest('{{p,q,t,x}}'::text[]) AS kind, {numbers}")
        for kind, letter in (("accept", "q"), ("withdraw", "t")):
            self.sql("INSERT INTO partner_exception (exception, content_tenant, reader_tenant) SELECT "
                     f"{ids(kind)}, tenant, '{contoso}' FROM tenant, {numbers} WHERE name = '{letter}' || n")
        self.sql("INSERT INTO partner_consent (exception, tenant) SELECT exception, content_tenant FROM "
                 "partner_exception")

    def branding(self, kind, number, is_there=True):
        """The name of one that is there, or is to be made: a tenant has 50 at most, so what was used before goes."""
        name = kind if kind == "kept" else f"{kind}{number}"
        self.sql(f"DELETE FROM branding WHERE branding ~ '^{kind}[0-9]+$' AND substr(branding, 2)::integer < {number - 10}")
        if is_there:
            self.sql("INSERT INTO branding (tenant, branding, display_name, logo, background_color, accent_color, privacy_url, "
                     f"languages, introductions, bodies, buttons, disclaimers) VALUES ('{self.w.contoso.id}', '{name}', '', '', "
                     "'', '', '', '{}', '{}', '{}', '{}', '{}')")
        return name

    def _insert_passcodes(self):
        """Which the portal has started, and of which the code is known here."""
        self.passcode_key = sealing_key(self.w, self.w.contoso)
        portal = self.w.portal.name
        self.sql("INSERT INTO passcode (passcode, tenant, content, address, network, portal, reference, language, "
                 f"key_version, expires_at, is_nobodys, mail_state) SELECT ('00000000-0000-7000-{UUIDS['passcode']}-' || "
                 f"lpad(n::text, 12, '0'))::uuid, '{self.w.contoso.id}', '{self.made.content_id}', 'kim@mail.example', "
                 "'192.0.2.1', (SELECT component FROM component WHERE name = "
                 f"'{portal}'), 'R', '', 1, now() + interval '1 h', false, 2 FROM generate_series(1, {self.amount}) AS n")

    def code(self, number):
        """What is typed for a passcode of the stock."""
        return code_of(self.passcode_key, stock_id("passcode", number), self.made.content_id, "kim@mail.example")

    def _insert_devices(self):
        """Bob's, for which licenses are made, and some of people of Contoso. Who registers one has a token that is bound to
        their certificate."""
        self.device_owner = self.w.identity("device")
        self.device_token = self.w.contoso.token("device", cnf=thumbprint_of(self.device_owner))
        columns = "device (tenant, address, thumbprint, display_name, public_jwk, issuer_tenant, issuer, ends_at)"
        of = "SELECT i.tenant, {}, '', '{}', i.tenant, i.issuer, now() + interval '1 d' FROM issuer i{} WHERE i.tenant = '{}'" \
            " AND i.iss LIKE 'https://idp%'"
        bob = f"'bob@fabrikam.com', '{self.w.reader.key.thumbprint()}'"
        self.sql(f"INSERT INTO {columns} " + of.format(bob, self.jwk, "", self.w.fabrikam.id))
        others = "'d' || n || '@contoso.com', lpad(n::text, 43, '0')"
        self.sql(f"INSERT INTO {columns} " + of.format(others, self.jwk, f", generate_series(1, {self.amount}) AS n",
                                                       self.w.contoso.id))

    def _insert_signals(self):
        """Transmitters of Fabrikam's to be removed, people of Contoso's of whom signals hold, and one who signals."""
        numbers = f"generate_series(1, {self.amount}) AS n"
        self.sql("INSERT INTO signal_transmitter (tenant, transmitter, iss, audiences, subject_issuers, jwks_url, jwks_json, "
                 f"push_token_hash) SELECT '{self.w.fabrikam.id}', ('00000000-0000-7000-{UUIDS['transmitter']}-' || "
                 f"lpad(n::text, 12, '0'))::uuid, 'https://s.example/' || n, '{{x}}', '{{x}}', '', '{{}}', '' FROM {numbers}")
        self.sql("INSERT INTO signal_state (tenant, scope, transmitter, kind, name, disabled, switched, not_before) SELECT tenant, "
                 "signal_scope(tenant, 1::smallint, name), tenant, 1, name, true, 1, 0 FROM (SELECT "
                 f"'{self.w.contoso.id}'::uuid AS tenant, 'sig' || n || '@contoso.com' AS name FROM {numbers}) AS s")
        self.transmitter = Transmitter(self.w, self.w.contoso, "https://signals.contoso.com")

    def signal(self, number):
        """One that disables somebody who does nothing here."""
        token = self.transmitter.sign(self.transmitter.claims({RISC + "account-disabled": {}}, email(f"s{number}@contoso.com")))
        return {"tenant_id": self.w.contoso.id, "security_event_token": token}

    def new_transmitter(self, number):
        """The issuer of one that is to be added: a tenant has 20 at most, so what was added before goes."""
        self.sql("DELETE FROM signal_transmitter WHERE iss LIKE 'https://new.example/%' AND "
                 f"substr(iss, 21)::integer < {number - 10}")
        return f"https://new.example/{number}"

    def _insert_tokens(self):
        """One of Contoso's directory, by which its identity provider calls; and some of Fabrikam's, to be revoked."""
        self.scim_token = "chancery_scim_" + "s" * 43
        columns = "directory_token (tenant, token, name, hash, expires_at)"
        self.sql(f"INSERT INTO {columns} SELECT '{self.w.contoso.id}', gen_random_uuid(), 'stock', "
                 f"sha256('{self.scim_token}'), now() + interval '1 d'")
        self.sql(f"INSERT INTO {columns} SELECT '{self.w.fabrikam.id}', ('00000000-0000-7000-{UUIDS['token']}-' || "
                 "lpad(n::text, 12, '0'))::uuid, 'stock' || n, sha256(n::text::bytea), now() "
                 f"FROM generate_series(1, {self.amount}) AS n")

    def token_name(self, number):
        """The name of one that is to be made: a tenant has 5 at most, so what was made before goes."""
        self.sql(f"DELETE FROM directory_token WHERE tenant = '{self.w.fabrikam.id}' AND name ~ '^n[0-9]+$'")
        return f"n{number}"

    def _insert_approvals(self):
        """As many for each of approving, rejecting and withdrawing."""
        self.sql("INSERT INTO approval (tenant, approval, act, operation, request, summary, requested_by, "
                 "requested_by_name, requested_with, requested_as, digest, expires_at) SELECT tenant, ('ffff0000-0000-7000-"
                 f"{UUIDS['approval']}-' || lpad(n::text, 12, '0'))::uuid, act, operation, request, summary, "
                 "requested_by, requested_by_name, requested_with, requested_as, digest, expires_at FROM approval, generate_series(1, "
                 f"{3 * self.amount}) AS n WHERE approval = '{self.approval}'")

        self.sql("INSERT INTO approval (tenant, approval, act, operation, request, summary, requested_by, requested_by_name, "
                 "requested_with, requested_as, digest, expires_at, state, decided_by, decided_by_name, decided_at) SELECT tenant, "
                 f"('00000000-0000-7000-{UUIDS['export']}-' || lpad(n::text, 12, '0'))::uuid, 'export_keys', 2, '', 'x', "
                 "requested_by, requested_by_name, requested_with, requested_as, digest, expires_at, 2, gen_random_uuid(), 'x', "
                 f"now() FROM approval, generate_series(1, {self.amount}) AS n WHERE approval = '{self.approval}'")

    def approval_of(self, number, kind):
        """Each of the three verbs has a third of them; their ids are later than the second admin's."""
        place = ("approve", "reject", "withdraw").index(kind)
        return f"ffff0000-0000-7000-{UUIDS['approval']}-{place * self.amount + number:012d}"

    def _insert_mappings(self):
        self.sql("INSERT INTO issuer_tenant (issuer, value, tenant) SELECT "
                 f"'{self.issuer}', '00000000-0000-7000-{UUIDS['mapping']}-' || lpad(n::text, 12, '0'), "
                 f"'{self.w.contoso.id}' FROM generate_series(1, {self.amount}) AS n")
