#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What scripts/gen-registry finds, and that it leaves alone what did not change."""
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
ONE = """
/* const struct flow in_a_comment_flow = { */
static const struct flow hidden_flow = {
extern const struct flow declared_flow;
const struct flow put_user_flow = {
    .name = "put_user",
};
const struct resource user_resource = {
};
"""
TWO = "const struct flow get_user_flow = {\n};\nconst struct approvable_act put_user_act = {\n};\n"


class Registry(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def run_on(self, *texts):
        paths = []
        for name, text in zip("ba", texts):
            paths.append(f"{self.folder.name}/{name}.c")
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write(text)
        return subprocess.run([sys.executable, f"{ROOT}/scripts/gen-registry", self.folder.name, *paths],
                              capture_output=True, text=True, check=False)

    def made(self, kind):
        with open(f"{self.folder.name}/{kind}.def", encoding="utf-8") as file:
            return file.read()

    def test_what_is_defined_is_found(self):
        self.assertEqual(self.run_on(ONE, TWO).returncode, 0)
        self.assertEqual(self.made("flows"), "FLOW(get_user) /* a.c */\nFLOW(put_user) /* b.c */\n")
        self.assertEqual(self.made("resources"), "RESOURCE(user) /* b.c */\n")
        self.assertEqual(self.made("acts"), "ACT(put_user) /* a.c */\n")

    def test_two_of_one_name_are_refused(self):
        done = self.run_on(ONE, ONE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("two of one name", done.stderr)

    def test_what_did_not_change_is_not_written(self):
        self.run_on(ONE, TWO)
        os.utime(f"{self.folder.name}/flows.def", (1, 1))
        self.run_on(ONE, TWO)
        self.assertEqual(os.stat(f"{self.folder.name}/flows.def").st_mtime, 1)
        self.run_on(ONE, TWO.replace("get_user", "find_user"))
        self.assertNotEqual(os.stat(f"{self.folder.name}/flows.def").st_mtime, 1)


if __name__ == "__main__":
    unittest.main()
