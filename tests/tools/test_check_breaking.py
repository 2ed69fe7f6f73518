# SPDX-License-Identifier: Apache-2.0
"""scripts/check-breaking compares with the newest release tag, in a small repository of its own."""
import os
import shutil
import subprocess

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MODULES = "tests/e2e/js/node_modules"
PROTO = "proto/chancery/v1/tenant.proto"

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")


class Repository:
    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(f"{ROOT}/proto", folder / "proto")
        os.makedirs(folder / "scripts")
        shutil.copy(f"{ROOT}/scripts/check-breaking", folder / "scripts")
        os.makedirs(folder / "tests/e2e/js")
        os.symlink(f"{ROOT}/{MODULES}", folder / MODULES)
        self.git("init", "-q")
        self.commit()

    def git(self, *argv):
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *argv], cwd=self.folder,
                       check=True, capture_output=True)

    def commit(self):
        self.git("add", "proto")
        self.git("commit", "-qm", "x", "--allow-empty")

    def replace(self, old, new):
        path = self.folder / PROTO
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        self.commit()

    def check(self):
        env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        done = subprocess.run(["scripts/check-breaking"], cwd=self.folder, capture_output=True, text=True, check=False,
                              env=env)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(name="repository")
def fixture_repository(tmp_path):
    return Repository(tmp_path)


def test_without_a_release_it_says_so(repository):
    code, text = repository.check()
    assert code == 77 and text.startswith("skipped: there is no tag")


def test_additions_are_fine(repository):
    repository.git("tag", "v0.1.0")
    repository.replace("message Tenant {", "// More.\nmessage More {\n  // A.\n  string a = 1;\n}\n\n// A.\nmessage Tenant {")
    code, text = repository.check()
    assert code == 0 and "v0.1.0" in text, text


def test_a_renumbered_field_breaks(repository):
    repository.git("tag", "v0.1.0")
    repository.replace("string tenant = 1;", "string tenant = 99;")
    code, text = repository.check()
    assert code == 1 and PROTO in text and "clients of v0.1.0" in text, text


def test_the_newest_release_counts(repository):
    repository.git("tag", "v0.9.0")
    repository.replace("string tenant = 1;", "string tenant = 99;")
    repository.git("tag", "v0.10.0")
    code, text = repository.check()
    assert code == 0 and "v0.10.0" in text, text
