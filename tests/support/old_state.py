# SPDX-License-Identifier: Apache-2.0
"""A test's PostgreSQL that goes back to an older state, under nodes that go on running."""
import contextlib
import shutil
import signal
import subprocess
import tempfile

from postgres import Postgres, program


@contextlib.contextmanager
def seems_to_have_gone_back(world):
    """What nodes know the database's history by says so, until the end."""
    number, mark = world.sql("SELECT number, mark FROM history").split("|")
    try:
        world.sql("UPDATE history SET number = number - 1, mark = mark_new()")
        yield number
    finally:
        world.sql(f"UPDATE history SET number = {number}, mark = {mark}")


class Copy:
    """The folder of the cluster is put back as it was."""

    def __init__(self, postgres):
        self.postgres, self.place = postgres, tempfile.mkdtemp(prefix="chancery-old-")
        postgres.stop()
        subprocess.run(["cp", "-a", f"{postgres.folder}/data", f"{self.place}/data"], check=True)
        postgres.start()

    def go_back(self):
        self.postgres.stop(signal.SIGKILL)
        shutil.rmtree(f"{self.postgres.folder}/data")
        subprocess.run(["cp", "-a", f"{self.place}/data", f"{self.postgres.folder}/data"], check=True)
        self.postgres.start()
        return self.postgres

    def close(self):
        shutil.rmtree(self.place)


class Standby:
    """A standby that has got nothing since it was made takes over."""

    def __init__(self, postgres):
        self.postgres, place = postgres, tempfile.mkdtemp(prefix="chancery-old-")
        if postgres.user:
            shutil.chown(place, postgres.user)
        postgres.run_as_user([program("pg_basebackup"), "-h", postgres.folder, "-U", "owner", "-D", f"{place}/data",
                              "-c", "fast"])
        with open(f"{place}/data/standby.signal", "w", encoding="ascii"):
            pass
        self.standby = Postgres(f"{place}/data", durable=False)
        shutil.rmtree(place)

    def promote(self):
        self.standby.sql("SELECT pg_promote()")
        self.standby.promoted = True
        return self.standby

    def go_back(self):
        self.postgres.stop(signal.SIGKILL)
        return self.promote()

    def close(self):
        self.standby.close()
