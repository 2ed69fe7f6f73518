# SPDX-License-Identifier: Apache-2.0
"""scripts/check-breaking compares with the baseline and the newest release tag, in a small repository of its own."""
import os
import shutil
import subprocess

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MODULES = "tests/e2e/js/node_modules"
PROTO, FILE = "proto/chancery/v1/tenant.proto", "chancery/v1/tenant.proto"
TREE = ("buf.yaml", "proto", "proto-private", "third_party")

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")


class Repository:
    def __init__(self, folder):
        self.folder = folder
        for name in TREE[1:]:
            shutil.copytree(f"{ROOT}/{name}", folder / name)
        shutil.copy(f"{ROOT}/buf.yaml", folder)
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
        self.git("add", *TREE)
        self.git("commit", "-qm", "x", "--allow-empty")

    def replace(self, old, new):
        self.replace_only(old, new)
        self.commit()

    def replace_only(self, old, new):
        path = self.folder / PROTO
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def check(self, *argv):
        env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        done = subprocess.run(["scripts/check-breaking", *argv], cwd=self.folder, capture_output=True, text=True, check=False,
                              env=env)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(name="repository")
def fixture_repository(tmp_path):
    return Repository(tmp_path)


def test_without_a_release_the_baseline_counts(repository):
    code, text = repository.check()
    assert code == 0 and "clients of the baseline" in text, text
    repository.replace("string tenant = 1;", "string tenant = 99;")
    code, text = repository.check()
    assert code == 1 and FILE in text and "clients of the baseline" in text, text


def test_the_baseline_is_renewed_in_one_commit(repository):
    repository.replace("string tenant = 1;", "string tenant = 99;")
    assert repository.check("--renew")[0] == 0
    code, text = repository.check()
    assert code == 0, text


def test_without_git_the_baseline_counts(repository):
    shutil.rmtree(repository.folder / ".git")
    repository.replace_only("string tenant = 1;", "string tenant = 99;")
    code, text = repository.check()
    assert code == 1 and FILE in text, text


def test_sealed_formats_count_too(repository):
    path = repository.folder / "proto-private/chancery/internal/v1/sealed.proto"
    path.write_text(path.read_text(encoding="utf-8").replace("string owner = 1;", "bytes owner = 1;"), encoding="utf-8")
    code, text = repository.check()
    assert code == 1 and "sealed.proto" in text, text


def test_additions_are_fine(repository):
    repository.git("tag", "v0.1.0")
    repository.replace("message Tenant {", "// More.\nmessage More {\n  // A.\n  string a = 1;\n}\n\n// A.\nmessage Tenant {")
    code, text = repository.check()
    assert code == 0 and "v0.1.0" in text, text


def test_a_renumbered_field_breaks(repository):
    repository.git("tag", "v0.1.0")
    repository.replace("string tenant = 1;", "string tenant = 99;")
    repository.check("--renew")
    code, text = repository.check()
    assert code == 1 and FILE in text and "clients of v0.1.0" in text, text


def test_the_newest_release_counts(repository):
    repository.git("tag", "v0.9.0")
    repository.replace("string tenant = 1;", "string tenant = 99;")
    repository.check("--renew")
    repository.git("tag", "v0.10.0")
    code, text = repository.check()
    assert code == 0 and "v0.10.0" in text, text
