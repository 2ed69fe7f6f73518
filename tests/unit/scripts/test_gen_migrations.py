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
        self.assertIn("sql_1, 0, NULL}", made)
        self.assertIn("sql_2, 2, NULL}", made)
        self.assertIn("sql_3, 2, NULL}", made)

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
        self.assertIn("sql_4, 3, NULL}", made)

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
        self.assertIn("""{"one", "(tenant, at) WHERE reason <> 'OK'", false}""", made)
        self.assertIn('{"two", "(at, event)", true}', made)
        self.assertNotIn('"three"', made)
        self.assertIn("sql_3, 2, indexes_3}", made)

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
        self.assertEqual(generate(HEAD + "ALTER TABLE audit ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\n")[0], 0)
        self.assertEqual(generate(HEAD + "ALTER TABLE audit ADD COLUMN a text NOT NULL DEFAULT '';\n")[0], 0)


if __name__ == "__main__":
    unittest.main()
