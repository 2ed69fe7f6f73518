# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL cluster with our schema, made once per build and copied for every test file: initdb and all migrations
cost more than most files' tests."""
import hashlib
import os
import shutil
import subprocess
import tempfile

from postgres import Postgres

BUILD = os.environ["CHANCERY_BUILD"]
CHANCERY = f"{BUILD}/cli/chancery"
FOLDER = f"{BUILD}/tests/clusters"


def _fingerprint():
    """Of all on which the cluster depends: the migrations are in the program."""
    digest = hashlib.sha256()
    with open(CHANCERY, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()[:16]


def _make(target):
    """Make it aside and move it to its place, because several test programs may begin at once."""
    postgres = Postgres(durable=False)
    try:
        done = subprocess.run([CHANCERY, "migrate", "--database", postgres.conninfo], capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done.stderr
        postgres.stop()
        aside = tempfile.mkdtemp(dir=FOLDER, prefix="new-")
        subprocess.run(["cp", "-a", f"{postgres.folder}/data", f"{aside}/data"], check=True)
        try:
            os.rename(aside, target)
        except OSError:  # another one was first
            shutil.rmtree(aside)
    finally:
        postgres.close()


def migrated_cluster():
    """The data folder of a stopped cluster with our schema and nothing else."""
    os.makedirs(FOLDER, exist_ok=True)
    target = f"{FOLDER}/{_fingerprint()}"
    if not os.path.exists(target):
        _make(target)
        for old in os.listdir(FOLDER):
            if os.path.join(FOLDER, old) != target and not old.startswith("new-"):
                shutil.rmtree(f"{FOLDER}/{old}", ignore_errors=True)
    return f"{target}/data"
