#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What scripts/gen-migrations refuses, and what it makes of what is right."""
import os
import subprocess
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
HEAD = "-- SPDX-License-Identifier: Apache-2.0\n-- Works with: schema_range\n"


def generate(text, files=None, later=None):
    """(exit code, message, table) with this as the migration behind schema_range."""
    texts = files or {"0001_base.sql": "CREATE TABLE a (b text);\n", "0002_schema_range.sql": HEAD, "0003_more.sql": text}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {**texts, **(later or {})}.items():
            with open(f"{folder}/{name}", "w", encoding="utf-8") as sql:
                sql.write(content)
        paths = [f"{folder}/{name}" for name in texts]
        paths += ["--next", *(f"{folder}/{name}" for name in later)] if later else []
        done = subprocess.run([f"{ROOT}/scripts/gen-migrations", f"{folder}/out.c", *paths], capture_output=True, text=True, check=False)
        made = ""
        if done.returncode == 0:
            with open(f"{folder}/out.c", encoding="ascii") as file:
                made = file.read()
        return done.returncode, done.stderr, made


class Migrations(unittest.TestCase):
    def refused(self, text, words):
        code, message, _ = generate(text)
        self.assertEqual(code, 1, message)
        self.assertIn("0003_more.sql: ", message)
        self.assertIn(words, message)

    def test_what_each_says_is_in_the_table(self):
        code, message, made = generate(HEAD + "CREATE TABLE c (d text);\n")
        self.assertEqual((code, message), (0, ""))
        self.assertIn("sql_1, 0, NULL, NULL}", made)
        self.assertIn("sql_2, 2, NULL, NULL}", made)
        self.assertIn("sql_3, 2, NULL, NULL}", made)

    def test_who_works_with_it_is_said(self):
        self.refused("CREATE TABLE c (d text);\n", "-- Works with: NAME")
        self.refused(HEAD.replace("schema_range", "nobody"), "-- Works with: NAME")
        self.refused(HEAD.replace("schema_range", "base"), "programs before schema_range")

    def test_numbers_have_no_gaps(self):
        code, message, _ = generate("", {"0001_base.sql": "", "0003_more.sql": ""})
        self.assertEqual(code, 1)
        self.assertIn("this should be 0002", message)

    def test_a_later_release_comes_behind_them(self):
        code, message, made = generate(HEAD, later={"later.sql": HEAD.replace("schema_range", "more")})
        self.assertEqual((code, message), (0, ""))
        self.assertIn('{4, "later", ', made)
        self.assertIn("sql_4, 3, NULL, NULL}", made)

    def test_what_is_taken_away_is_explained(self):
        for what in ("ALTER TABLE a DROP COLUMN b;", "DROP TABLE a;", "ALTER TABLE a RENAME COLUMN b TO c;"):
            self.refused(HEAD + what + "\n", "-- Takes away: ")
            self.assertEqual(generate(HEAD + "-- Takes away: what nobody reads.\n" + what + "\n")[0], 0)
        body = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE x; END $$;\n"
        self.assertEqual(generate(HEAD + body)[0], 0)

    def test_indexes_of_the_log_are_made_beforehand(self):
        code, message, made = generate(HEAD + "CREATE INDEX one ON audit (tenant,\n    at)\n    WHERE reason <> 'OK';\n"
                                       "CREATE UNIQUE INDEX two ON audit (at, event);\nCREATE INDEX three ON a (b);\n")
        self.assertEqual((code, message), (0, ""))
        self.assertIn("""{"one", "audit", "(tenant, at) WHERE reason <> 'OK'", false}""", made)
        self.assertIn('{"two", "audit", "(at, event)", true}', made)
        self.assertNotIn('"three"', made)
        self.assertIn("sql_3, 2, indexes_3, NULL}", made)

    def test_what_takes_long_elsewhere_is_done_beforehand(self):
        code, message, made = generate(HEAD + "-- In slices: SELECT fill($1)\nCREATE INDEX IF NOT EXISTS one ON a\n    (b) WHERE b <> '';\n")
        self.assertEqual((code, message), (0, ""))
        self.assertIn("""{"one", "a", "(b) WHERE b <> ''", false}""", made)
        self.assertIn('sql_3, 2, indexes_3, "SELECT fill($1)"}', made)
        self.refused(HEAD + "CREATE INDEX IF NOT EXISTS one ON audit (at);\n", "at the beginning of a line")

    def test_what_would_lock_the_log_is_refused(self):
        for what, words in (
                ("CREATE INDEX CONCURRENTLY one ON audit (at);", "one transaction"),
                ("CREATE INDEX one ON ONLY audit (at);", "on each partition beforehand"),
                ("DO 1; CREATE INDEX one ON audit (at);", "at the beginning of a line"),
                ("ALTER TABLE audit ALTER COLUMN a SET NOT NULL;", "under a lock"),
                ("ALTER TABLE audit ALTER COLUMN a TYPE bigint;", "under a lock"),
                ("ALTER TABLE audit ADD CONSTRAINT c CHECK (a > 0);", "NOT VALID"),
                ("UPDATE audit SET a = 1;", "not changed"),
                ("ALTER TABLE audit ADD COLUMN a text;\nCREATE INDEX one ON audit (a);", "a migration before it")):
            self.refused(HEAD + what + "\n", words)

    def test_what_is_not_known_of_the_log_is_refused(self):
        for what in (
                "ALTER TABLE IF EXISTS audit ALTER COLUMN a SET NOT NULL", "ALTER TABLE public.audit ALTER COLUMN a SET NOT NULL",
                'ALTER TABLE "public" . "audit" ALTER a TYPE bigint', "alter table\n  only audit alter a type bigint",
                "ALTER TABLE /* the log */ audit ALTER a TYPE bigint", "ALTER TABLE audit * ALTER a TYPE bigint",
                "ALTER TABLE audit ADD COLUMN a uuid DEFAULT gen_random_uuid()", "ALTER TABLE audit ADD COLUMN a bigserial",
                "ALTER TABLE audit ADD a text", "ALTER TABLE audit ADD COLUMN a text GENERATED ALWAYS AS (b || 'x') STORED",
                "ALTER TABLE audit ADD COLUMN a integer GENERATED ALWAYS AS IDENTITY", "ALTER TABLE audit ADD COLUMN a text CHECK (a <> '')",
                "ALTER TABLE audit ADD COLUMN a text REFERENCES a (b)", "ALTER TABLE audit ADD COLUMN a text UNIQUE",
                "ALTER TABLE audit ADD COLUMN b text, ALTER COLUMN a SET NOT NULL", "ALTER TABLE audit VALIDATE CONSTRAINT c",
                "ALTER TABLE audit ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES a (b) NOT VALID", "ALTER TABLE audit ADD CHECK (a <> 'NOT VALID')",
                "ALTER TABLE audit ADD CONSTRAINT c CHECK (a > 0), ADD CONSTRAINT d CHECK (a > 1) NOT VALID",
                "ALTER TABLE audit DETACH PARTITION audit_rest", "ALTER TABLE audit SET UNLOGGED", "TRUNCATE audit", "LOCK TABLE audit",
                "CLUSTER audit USING i", "REINDEX TABLE audit", "WITH x AS (SELECT 1) UPDATE audit SET a = 1", "UPDATE public.audit SET a = 1",
                "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES audit (event)", "CREATE MATERIALIZED VIEW v AS SELECT FROM audit",
                "DO $$ BEGIN ALTER TABLE audit ALTER a SET NOT NULL; END $$", "DO LANGUAGE plpgsql $x$ BEGIN LOCK audit; END $x$",
                "CREATE INDEX ON audit (at)", "CREATE INDEX i ON audit USING brin (at)", "create index i on public.audit (at)"):
            self.refused(HEAD + "-- Takes away: nothing.\n" + what + ";\n", "")

    def test_what_takes_a_moment_is_not(self):
        for what in (
                "ALTER TABLE audit ADD CONSTRAINT c CHECK (a > 0 AND b IN ('x', 'y;')) NOT VALID", "ALTER TABLE audit ADD COLUMN a text NOT NULL DEFAULT ''",
                "ALTER TABLE public.audit\n    ADD COLUMN a text[] DEFAULT '{}'::text[],\n    ADD COLUMN IF NOT EXISTS b bigint DEFAULT -1 NOT NULL",
                "ALTER TABLE audit DROP COLUMN a, ALTER COLUMN b DROP NOT NULL, ALTER b SET DEFAULT now()", "GRANT SELECT ON audit TO x",
                "CREATE POLICY p ON audit USING (tenant = 'a')", "INSERT INTO a SELECT reason FROM audit", "UPDATE a SET b = 'ALTER TABLE audit'",
                "ALTER TABLE audit_sink ADD COLUMN a uuid DEFAULT gen_random_uuid()", "ALTER TABLE a ADD COLUMN c text CHECK (c <> '')",
                "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $x$ LOCK TABLE audit $x$", "DO $$ BEGIN PERFORM 1; END $$"):
            code, message, _ = generate(HEAD + "-- Takes away: nothing.\n" + what + ";\n")
            self.assertEqual((code, message), (0, ""), what)
        _, _, made = generate(HEAD + "CREATE INDEX one ON public.audit (tenant) WHERE reason <> 'OK';\n")
        self.assertIn("""{"one", "audit", "(tenant) WHERE reason <> 'OK'", false}""", made)


if __name__ == "__main__":
    unittest.main()
