#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What scripts/gen-statements refuses, each with its place, and what it makes of what is right."""
import glob
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
ACT = "-- group: act\n-- members: tenant tenant_id, event event_id\n"


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def generate(*files):
    """(exit code, message, header, table) for the texts of files a.sql, b.sql …"""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, text in zip("abc", files):
            paths.append(f"{folder}/{name}.sql")
            with open(paths[-1], "w", encoding="utf-8") as sql:
                sql.write(text)
        outputs = [f"{folder}/out.h", f"{folder}/out.c"]
        done = subprocess.run([sys.executable, f"{ROOT}/scripts/gen-statements", *outputs, *paths], capture_output=True,
                              text=True, check=False)
        return done.returncode, done.stderr.strip(), *map(read, outputs)


class Refused(unittest.TestCase):
    def refuse(self, message, *files):
        code, said, *made = generate(*files)
        self.assertEqual((code, said), (1, f"gen-statements: {message}"))
        self.assertEqual(made, ["", ""])

    def test_a_parameter_that_is_not_declared(self):
        self.refuse("a.sql:1: x: parameter :b is not declared",
                    "-- name: x :read\n-- params: a text\nSELECT 1 AS _ WHERE :a = :b;")

    def test_a_parameter_that_is_not_used(self):
        self.refuse("a.sql:1: x: parameter :b is not used",
                    "-- name: x :read\n-- params: a text, b text\nSELECT 1 AS _ WHERE :a = 'b';")

    def test_a_parameter_in_a_comment_or_a_text_is_none(self):
        self.refuse("a.sql:1: x: parameter :a is not used",
                    "-- name: x :read\n-- params: a text\nSELECT ':a' AS _ -- :a\n;")

    def test_a_value_of_a_group_that_is_not_used(self):
        self.refuse("a.sql:3: x: parameter :act.event is not used",
                    ACT + "-- name: x :admin\n-- params: act @act\nSELECT 1 AS _ WHERE :act.tenant IS NULL;")

    def test_a_value_that_the_group_has_not(self):
        self.refuse("a.sql:3: x: parameter :act.who is not declared",
                    ACT + "-- name: x :admin\n-- params: act @act\nSELECT f(:act.*, :act.who) AS _;")

    def test_parameters_by_number(self):
        self.refuse("a.sql:1: x: can't read the SQL at '$1;'; parameters are :name", "-- name: x :read\nSELECT 1 AS _, $1;")

    def test_too_many_parameters(self):
        many = [f"p{i} text" for i in range(41)]
        self.refuse("a.sql:1: x: 41 parameters; at most 40", f"-- name: x :read\n-- params: {', '.join(many)}\nSELECT 1 AS _;")

    def test_columns_in_another_order(self):
        self.refuse("a.sql:1: x: declared are the columns (a, b), the SQL answers with (b, a)",
                    "-- name: x :read\n-- columns: a text, b text\nSELECT b, a FROM t;")

    def test_a_column_too_many_and_one_too_few(self):
        self.refuse("a.sql:1: x: declared are the columns (a), the SQL answers with (a, b)",
                    "-- name: x :read\n-- columns: a text\nSELECT a, b FROM t;")
        self.refuse("a.sql:1: x: declared are the columns (a, b), the SQL answers with (a)",
                    "-- name: x :read\n-- columns: a text, b text\nINSERT INTO t (a) VALUES (1) RETURNING a;")

    def test_columns_of_a_subquery_are_not_the_statements(self):
        self.refuse("a.sql:1: x: declared are the columns (a), the SQL answers with (b)",
                    "-- name: x :read\n-- columns: a text\nWITH c AS (SELECT a FROM t) SELECT c.b FROM c, (SELECT a FROM t) d;")

    def test_a_column_without_a_name(self):
        self.refuse("a.sql:1: x: the column 'count(*)' has no name: give it one by AS, or AS _ if it is not read",
                    "-- name: x :read\n-- columns: n int8\nSELECT count(*) FROM t;")
        self.refuse("a.sql:1: x: the column '*' has no name: give it one by AS, or AS _ if it is not read",
                    "-- name: x :read\n-- columns: a text\nSELECT * FROM t;")

    def test_a_column_twice(self):
        self.refuse("a.sql:3: x: `columns`: tenant stands there twice",
                    ACT + "-- name: x :read\n-- columns: tenant tenant_id, act @act\nSELECT a.tenant, b.tenant, event FROM a;")

    def test_the_same_name_again(self):
        one = "-- name: x :read\nSELECT 1 AS _;\n"
        self.refuse("b.sql:1: x: there is another one of this name", one, one)
        self.refuse("a.sql:1: x: `params`: a stands there twice",
                    "-- name: x :read\n-- params: a text, a text\nSELECT 1 AS _ WHERE :a = :a;")

    def test_types_that_are_not_known(self):
        for kind, why in (("varchar", "a has the unknown type varchar"), ("uuid[]", "a: no arrays of uuid"),
                          ("text?[]", "a: NULL is for single values")):
            self.refuse(f"a.sql:1: x: `params`: {why}", f"-- name: x :read\n-- params: a {kind}\nSELECT 1 AS _ WHERE :a = 1;")
        self.refuse("a.sql:1: x: `columns`: a: int4 reads NULL as zero, without `?`",
                    "-- name: x :read\n-- columns: a int4?\nSELECT a FROM t;")
        self.refuse("a.sql:1: x: `columns`: a: only arrays of text and int8 can be read",
                    "-- name: x :read\n-- columns: a bytea[]\nSELECT a FROM t;")

    def test_groups_that_are_not_there_or_not_used(self):
        self.refuse("a.sql:1: x: `params`: there is no group @act",
                    "-- name: x :read\n-- params: act @act\nSELECT f(:act.*) AS _;")
        self.refuse("a.sql:1: act: a group that nothing uses", ACT + "-- name: x :read\nSELECT 1 AS _;")
        self.refuse("a.sql:1: act: a group has no SQL", ACT + "SELECT 1;")
        self.refuse("a.sql:1: act: what is ': tenant uuid'?", "-- group: act : tenant uuid\n")
        self.refuse("a.sql:3: more: `members`: a group in a group", ACT + "-- group: more\n-- members: act @act\n")

    def test_lists_of_what_can_be_no_element(self):
        for member in ("b text[]", "b bool?"):
            self.refuse("a.sql:3: x: `params`: pairs: @pair.b can't be an element",
                        f"-- group: pair\n-- members: a text, {member}\n-- name: x :gate\n-- params: pairs @pair[]\n"
                        "SELECT f(:pairs.*) AS _;")

    def test_only_groups_of_columns_are_apart(self):
        self.refuse("a.sql:1: x: `columns`: a: only a group of columns can be apart",
                    "-- name: x :read\n-- columns: a text apart\nSELECT a FROM t;")

    def test_fragments_that_are_not_there_or_not_used(self):
        self.refuse("a.sql:1: x: there is no fragment {f}", "-- name: x :read\nSELECT 1 AS _ WHERE {f};")
        self.refuse("a.sql:1: f: a fragment in a fragment",
                    "-- fragment: f\n{g};\n-- fragment: g\ntrue;\n-- name: x :read\nSELECT 1 AS _ WHERE {f} AND {g};")
        self.refuse("a.sql:1: f: a fragment that nothing uses", "-- fragment: f\ntrue;\n-- name: x :read\nSELECT 1 AS _;")

    def test_headers_that_are_wrong(self):
        self.refuse("a.sql:1: x: its class of connections must be one of :gate, :read, :people, :revoke, :admin, :acts, :bulk, "
                    ":scout, :report, not ':write'",
                    "-- name: x :write\nSELECT 1 AS _;")
        self.refuse("a.sql:1: int: not a name for C: lower case, digits and underscores, no keyword",
                    "-- name: int :read\nSELECT 1 AS _;")
        self.refuse("a.sql:1: x: `params`: long can't be a name", "-- name: x :read\n-- params: long text\nSELECT 1 AS _;")
        self.refuse("a.sql:1: x: `params`: want `name type`, not 'a'", "-- name: x :read\n-- params: a\nSELECT 1 AS _;")
        self.refuse("a.sql:3: x: `params:` is out of place", "-- name: x :read\nSELECT 1 AS _\n-- params: a text\n;")
        self.refuse("a.sql:2: x: `members:` is out of place", "-- name: x :read\n-- members: a text\nSELECT 1 AS _;")

    def test_sql_that_is_missing_or_too_much(self):
        self.refuse("a.sql:1: SQL before the first `-- name:`", "SELECT 1;")
        self.refuse("a.sql:1: x: SQL that ends with a semicolon must follow", "-- name: x :read\nSELECT 1 AS _")
        self.refuse("a.sql:1: x: SQL that ends with a semicolon must follow", "-- name: x :read\n-- only words\n")
        self.refuse("a.sql:1: x: more than one SQL statement", "-- name: x :read\nSELECT 1 AS _; SELECT 2;")


class Made(unittest.TestCase):
    def test_names_become_numbers_in_the_order_of_the_header(self):
        code, said, _, table = generate(
            ACT + "-- fragment: own\nt.tenant = :act.tenant;\n-- name: x :admin\n-- params: act @act, all text[],\n--   n int4?\n"
            "-- columns: a text\n-- Why.\nSELECT a, f(:act.*) AS _ FROM t -- a comment\n"
            "WHERE {own} AND a = ANY (:all) AND n::int8 = coalesce(:n, 0) AND b <> 'a  :n';\n")
        self.assertEqual((code, said), (0, ""))
        self.assertIn('"SELECT a, f($1, $2) AS _ FROM t WHERE t.tenant = $1 AND a = ANY ($3) AND n::int8 = coalesce($4, 0) '
                      "AND b <> 'a  :n'\"", table)
        self.assertIn(".param_count = 4", table)
        self.assertIn(".column_count = 2", table)

    def test_lists_are_arrays_side_by_side(self):
        code, said, header, table = generate(
            "-- group: pair\n-- members: a text, b uuid?\n-- name: x :gate\n-- params: pairs @pair[]\n"
            "INSERT INTO t SELECT * FROM unnest(:pairs.*) AS p (:pairs.names);")
        self.assertEqual((code, said), (0, ""))
        self.assertIn("unnest($1, $2) AS p (a, b)", table)
        self.assertIn("struct { const struct sql_pair *items; size_t count; } pairs;", header)

    def test_our_statements_are_all_used(self):
        code = "\n".join(map(read, glob.glob(f"{ROOT}/server/store/**/*.c", recursive=True)))
        statements = [name for path in glob.glob(f"{ROOT}/server/store/sql/*.sql")
                      for name in re.findall(r"^-- name: (\w+)", read(path), re.M)]
        self.assertGreater(len(statements), 80)
        for name in statements:
            self.assertRegex(code, rf"\bsql_{name}\(", f"{name} is sent by nobody")


if __name__ == "__main__":
    unittest.main()
