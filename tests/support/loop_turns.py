# SPDX-License-Identifier: Apache-2.0
"""How long the longest turn of a worker's loop was, of which everybody else on that worker waits the end.

The server tells it on /metrics, as a histogram or as a maximum since its start. A maximum that did not rise says nothing of
the turns in between but that they were no longer; a histogram tells of a turn only between which bounds it lies."""
import re
import time

from build_kind import is_release, is_sanitized

HISTOGRAM, MAXIMUM = "chancery_loop_turn_seconds", "chancery_loop_turn_max_seconds"

LIMIT_S = 0.005  # of a release build: what design and documents promise
SLOW_BUILD, SANITIZED = 10, 20  # times as long may it take without optimization, and under a sanitizer
BURN_S = 0.2


def _contention():
    """How many times longer than its processor time a computation takes here and now, because others compute too."""
    wall, own = time.perf_counter(), time.thread_time()
    while time.thread_time() - own < BURN_S:
        pass
    return max(1, (time.perf_counter() - wall) / BURN_S)


def limit():
    """How long a turn may be in this build, on this machine as busy as it is."""
    times = SANITIZED if is_sanitized() else 1 if is_release() else SLOW_BUILD
    return LIMIT_S * times * _contention()


def _buckets(page):
    """Upper bound of each bucket to the number of turns in it alone."""
    found, below = {}, 0
    for bound, count in re.findall(rf'^{HISTOGRAM}_bucket\{{le="([^"]+)"\}} (\S+)$', page, re.M):
        found[float(bound)], below = float(count) - below, float(count)
    return found


def is_measured(authority):
    page = authority.page("/metrics")[1]
    return bool(_buckets(page)) or f"\n{MAXIMUM} " in page


def longest_turn(authority, action):
    """Seconds that the longest turn took at least while the action ran; the authority has one worker."""
    before = authority.page("/metrics")[1]
    action()
    after = authority.page("/metrics")[1]
    old, new = _buckets(before), _buckets(after)
    if new:
        bounds = [0, *sorted(new)]  # a turn in a bucket took longer than the bucket below it reaches
        more = [lower for lower, upper in zip(bounds, bounds[1:]) if new[upper] > old.get(upper, 0)]
        return max(more, default=0)
    was, now = (float(re.search(rf"^{MAXIMUM} (\S+)$", page, re.M).group(1)) for page in (before, after))
    return now if now > was else 0
