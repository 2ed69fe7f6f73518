# SPDX-License-Identifier: Apache-2.0
"""A real browser, Debian's Chromium without a screen, and a server of the pages that it opens."""
import http.server
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading

CHROMIUM = shutil.which("chromium")
TYPES = {".html": "text/html", ".js": "text/javascript", ".json": "application/json"}


class Pages:
    """Files by their path, and folders by the beginning of it; what pages POST to /said."""

    def __init__(self, files, folders):
        pages = self
        self.said = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                pages.send(self, files, folders)

            def do_POST(self):  # pylint: disable=invalid-name
                pages.said.put(self.rfile.read(int(self.headers["content-length"])).decode())
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def send(request, files, folders):
        content = files.get(request.path)
        for prefix, folder in folders.items():
            path = os.path.realpath(f"{folder}/{request.path.removeprefix(prefix)}")
            if request.path.startswith(prefix) and path.startswith(f"{folder}/") and os.path.isfile(path):
                with open(path, "rb") as file:
                    content = file.read()
        request.send_response(404 if content is None else 200)
        request.send_header("content-type", TYPES.get(os.path.splitext(request.path)[1], "application/octet-stream"))
        request.end_headers()
        request.wfile.write(content or b"")

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def opened(url, pages, timeout=90):
    """What a page says when the browser has opened it. Certificates are not looked at: the authority's is a test's."""
    with tempfile.TemporaryDirectory(prefix="chancery-browser-") as folder:
        browser = subprocess.Popen(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--ignore-certificate-errors", f"--user-data-dir={folder}", url],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "HOME": folder})
        try:
            return pages.said.get(timeout=timeout)
        finally:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()
