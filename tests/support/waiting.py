# SPDX-License-Identifier: Apache-2.0
"""Waiting for a state, never for a time."""
import time


def eventually(condition, what, seconds=20, pause=0.01):
    """Ask until the condition holds, and give its value; `what` names what did not happen."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds} s: {what() if callable(what) else what}"
        time.sleep(pause)


def wall_clock_passes(moment, margin=0.05):
    """Wait until the wall clock, of which expiry is told, has passed a moment in seconds since the epoch."""
    while time.time() <= moment + margin:
        time.sleep(max(0.001, moment + margin - time.time()))


def let_pass(seconds):
    """Let time pass that a test is about: how long a load goes on, or how slow a client is. Never to wait for a state."""
    time.sleep(seconds)
