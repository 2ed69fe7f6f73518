# SPDX-License-Identifier: Apache-2.0
"""Another transaction that is under way, and is committed while an act waits for it."""
import concurrent.futures
import contextlib

from waiting import eventually

# An act waits for a lock no longer than a second (server/store/pg/lanes.def), on a slow machine, too.
LASTS = "SELECT pg_sleep(0.5)"


@contextlib.contextmanager
def meanwhile(world, sql, lock="RowExclusiveLock"):
    """What is done within begins when `sql` has taken its lock of a scope's epoch, and has not been committed."""
    held = f"SELECT count(*) FROM pg_locks WHERE relation = 'epoch'::regclass AND mode = '{lock}'"
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        other = pool.submit(world.sql, f"{sql}; {LASTS}")
        eventually(lambda: world.sql(held, role="server") != "0", "the other transaction is under way")
        yield
        assert other.result() is not None
