# SPDX-License-Identifier: Apache-2.0
"""What lets tenants live in several databases, held for every statement by what PostgreSQL makes of it (docs/sharding.md):
each reads and changes the rows of tenants that it was given, or what is the same in all databases."""
import re

import pytest

from clusters import migrated_cluster
from postgres import Postgres
from statements import STATEMENTS, Plans, nodes

# What each database has a copy of, because who is meant is not known before it was looked up there.
EVERYWHERE = {
    "tenant", "tenant_domain",          # whose address is this?
    "issuer", "issuer_tenant",          # whose token?
    "component", "component_certificate",  # whose certificate?
    "directory_token",                  # whose, of an identity provider over SCIM?
    "denial",                           # who lets nobody of theirs be sent anything?
    "partner_consent",                  # goes with its exception, of two tenants
}
# Without a tenant; what is said of each database by itself is so too.
NO_TENANT = {"boundary", "boundary_role", "boundary_rule", "partner_exception", "epoch", "token_proof",
             "history", "root_key_check", "root_key_heard", "root_key_opening", "root_key_worker", "schema_migration", "audit_month", "audit_retention",
             "audit_sink", "rate_use"}
# Nothing of theirs can be planned: the ends of transactions.
WITHOUT_PLAN = {"transaction_begin", "transaction_commit", "transaction_rollback"}
# Carried out in each database, whatever is due there.
IN_EACH = {"sweep_approvals", "sweep_key_imports", "sweep_notices", "sweep_passcodes", "find_due_rotation", "destroy_due_key",
           "claim_notices", "claim_passcode_mails", "settle_notice", "settle_passcode_mail", "read_former_wraps"}
# By an id that a portal brings: its database is asked first that has the portal's content.
BY_ID = {"find_passcode", "try_passcode"}
FUNCTIONS_IN_EACH = {"root_key_left", "root_key_meet", "root_key_rows"}  # what a database says of itself
FUNCTIONS_BY_ID = {"passcode_of_request"}
# What a function's command names a tenant by: parameters of old and new migrations, or the row of a trigger.
GIVEN = re.compile(r"tenant\b|\bwhich\b|\bOLD\b|\bNEW\b|\bnew_rows\b|\bold_rows\b")
CONDITIONS = ("Index Cond", "Filter", "Recheck Cond", "Join Filter", "Hash Cond")
BOUND = re.compile(r"\btenant (?:=|IS DISTINCT FROM) |(?:=|IS DISTINCT FROM) (?:\w+\.)?tenant\b")


@pytest.fixture(scope="module")
def plans():
    postgres = Postgres(migrated_cluster(), durable=False)
    explained = Plans(postgres.conninfo)
    yield explained
    explained.close()
    postgres.close()


@pytest.fixture(scope="module")
def of_tenants(plans):
    plans.cursor.execute("SELECT relid::regclass::text FROM pg_class c, LATERAL (SELECT coalesce((SELECT inhparent FROM pg_inherits "
                         "WHERE inhrelid = c.oid), c.oid)) AS p (relid) JOIN pg_attribute a ON attrelid = p.relid AND attname = 'tenant' "
                         "WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace")
    return {name for name, in plans.cursor.fetchall()}


def parent_of(table, of_tenants):
    """Partitions of the log are the log."""
    return table if table in of_tenants | NO_TENANT else re.sub(r"^audit_.*", "audit", table)


def unbound(plan, of_tenants):
    """The tables of tenants whose rows are looked for without saying whose."""
    found = set()
    for node in nodes(plan):
        table = parent_of(node.get("Relation Name", ""), of_tenants)
        if table in of_tenants and node["Node Type"] != "ModifyTable":
            if not BOUND.search(" ".join(str(node.get(condition, "")) for condition in CONDITIONS)):
                found.add(table)
    return found


@pytest.mark.parametrize("name", sorted(set(STATEMENTS) - WITHOUT_PLAN))
def test_each_statement_is_of_the_tenants_that_it_was_given(plans, of_tenants, name):
    strangers = unbound(plans.explain(name, carry_out=False), of_tenants) - EVERYWHERE
    if name in IN_EACH | BY_ID:
        assert strangers, f"{name} needs no exception any longer"
    else:
        assert not strangers, f"{name} reads {strangers} without saying of which tenant: docs/sharding.md"


def test_every_table_is_of_a_tenant_or_has_none_for_a_reason(plans, of_tenants):
    plans.cursor.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
                         "AND relnamespace = 'public'::regnamespace")
    tables = {name for name, in plans.cursor.fetchall()}
    assert tables - of_tenants == NO_TENANT
    assert EVERYWHERE <= of_tenants


def test_what_is_of_a_tenant_refers_to_that_tenant_or_to_what_is_everywhere(plans, of_tenants):
    """Foreign keys hold within one database."""
    plans.cursor.execute("SELECT conrelid::regclass::text, confrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint "
                         "WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conparentid = 0")
    for table, other, what in plans.cursor.fetchall():
        if table in of_tenants - EVERYWHERE and other in of_tenants - EVERYWHERE:
            assert re.match(r"FOREIGN KEY \((?:\w+, )*tenant\b", what), f"{table}: {what}"
        elif table in EVERYWHERE | NO_TENANT:
            assert other in EVERYWHERE | NO_TENANT, f"{table}, which is everywhere, refers to {other}, which is not"


def test_functions_that_touch_tenants_rows_are_given_the_tenant(plans, of_tenants):
    """PostgreSQL shows no plan of what a function does inside. So this is by their texts: each command of one names a
    tenant, but in those that are carried out in each database."""
    plans.cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'")
    sharded = of_tenants - EVERYWHERE - {"audit"}
    strangers = set()
    for name, body in plans.cursor.fetchall():
        for command in re.split(r";|\$\$", body):
            if sharded & set(re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+([a-z_]+)", command)) and not GIVEN.search(command):
                strangers.add(name)
    assert strangers == FUNCTIONS_IN_EACH | FUNCTIONS_BY_ID
