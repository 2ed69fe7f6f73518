# SPDX-License-Identifier: Apache-2.0
"""Refusals that did not reach the client."""
import re
import subprocess

UNAUTHENTICATED = 16


def test_stream_was_reset_before_a_stranger_had_read_the_refusal(world):
    """The caller is refused for its headers, while a body of a few hundred bytes is still on its way: the stream was reset
    right behind the answer, and libcurl, which our own command line stands on, then knew of a stream error only."""
    world.a.write("frame", b"\0" + (202).to_bytes(4, "big") + bytes(202))
    for turn in range(40):
        done = subprocess.run(
            ["curl", "-sS", "-i", "--http2-prior-knowledge", "-H", "content-type: application/grpc", "-H", "te: trailers",
             "--data-binary", f"@{world.a.folder}/frame",
             f"http://{world.a.cleartext}/chancery.v1.TrackingService/Restore"],
            capture_output=True, text=True, check=False, timeout=20)
        status = re.search(r"^grpc-status: (\d+)", done.stdout, re.M)
        assert status and int(status.group(1)) == UNAUTHENTICATED, (turn, done.stdout, done.stderr)
