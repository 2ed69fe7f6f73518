# SPDX-License-Identifier: Apache-2.0
"""A command on a terminal, whose questions somebody answers. It is started as any other program: gRPC hangs where a
process forks."""
import os
import pty
import subprocess


class Terminal:
    def __init__(self, *argv):
        self.end, its_end = pty.openpty()
        self.process = subprocess.Popen(argv, stdin=its_end, stdout=its_end, stderr=its_end, start_new_session=True)
        os.close(its_end)
        self.seen = b""

    def type(self, answer):
        os.write(self.end, answer)

    def read(self):
        """What comes next; b"": nothing more does."""
        try:
            piece = os.read(self.end, 4096)
        except OSError:  # it has ended
            piece = b""
        self.seen += piece
        return piece

    def read_until(self, words):
        while words not in self.seen:
            assert self.read(), self.seen

    def finish(self):
        """All that was seen, and the exit code."""
        while self.read():
            pass
        os.close(self.end)
        return self.seen.decode(), self.process.wait(timeout=60)
