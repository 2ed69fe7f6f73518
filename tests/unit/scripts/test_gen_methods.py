#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What scripts/gen-methods makes of the options of fields, and refuses of them."""
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
SCHEMA = """
syntax = "proto3";
package chancery.v1;
import "chancery/v1/access.proto";
import "google/api/field_behavior.proto";
service TestService {
  rpc Keep(KeepRequest) returns (KeepResponse) { option (access) = {roles: [ROLE_TENANT_ADMIN]}; }
}
message KeepRequest { string name = 1 [(google.api.field_behavior) = REQUIRED]; bytes key = 2%s; Part part = 3; }
message Part { bytes key = 1%s; int32 lines = 2%s; }
message KeepResponse { bytes key = 1%s; }
"""
SECRET, LINES = " [(secret) = true]", " [(several_lines) = true]"


class Options(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def run_on(self, in_request="", in_part="", lines="", in_response=""):
        folder = self.folder.name
        with open(f"{folder}/test.proto", "w", encoding="utf-8") as file:
            file.write(SCHEMA % (in_request, in_part, lines, in_response))
        subprocess.run(["protoc", "-I", folder, "-I", f"{ROOT}/proto", "-I", f"{ROOT}/third_party", "--include_imports",
                        f"--descriptor_set_out={folder}/all.pb", "test.proto"], check=True)
        return subprocess.run([sys.executable, f"{ROOT}/scripts/gen-methods", f"{folder}/all.pb", f"{folder}/all.pb",
                               f"{folder}/out.c", f"{folder}/out.def"], capture_output=True, text=True, check=False)

    def made(self):
        with open(f"{self.folder.name}/out.c", encoding="utf-8") as file:
            return file.read()

    def test_a_secret_of_a_request_is_in_the_table(self):
        self.assertEqual(self.run_on(SECRET).returncode, 0)
        table = self.made().split("bool proto_is_secret(")[1].split("\n}\n")[0]
        self.assertEqual(table.count('{"chancery.v1.'), 1)
        self.assertIn('{"chancery.v1.KeepRequest", "key"},', table)

    def test_where_nothing_looks_for_a_secret_it_is_refused(self):
        for where in ({"in_part": SECRET}, {"in_response": SECRET}):
            done = self.run_on(SECRET, **where)
            self.assertEqual(done.returncode, 1)
            self.assertIn("option (secret) of key means nothing there", done.stderr)

    def test_lines_are_of_texts(self):
        done = self.run_on(lines=LINES)
        self.assertEqual(done.returncode, 1)
        self.assertIn("chancery.v1.Part.lines is no string", done.stderr)

    def test_a_schema_without_secrets_compiles(self):
        self.assertEqual(self.run_on().returncode, 0)
        self.assertIn("bool proto_is_secret(", self.made())


if __name__ == "__main__":
    unittest.main()
