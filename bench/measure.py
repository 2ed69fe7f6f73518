# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: CPU time and memory of processes, loads, rounds, the tables in README.md."""
import glob
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
TICK = os.sysconf("SC_CLK_TCK")
LICENSE = "/chancery.v1.LicensingService/AcquireLicense"
CLIENTS, STREAMS = 16, 16  # of every load of licenses: connections, and calls in flight on each
GRANTED = "SELECT count(*) FROM audit WHERE operation = 'acquire_license' AND granted"


# --- processes ---

def cpu(pids):
    """Seconds of CPU that these processes have used, user and system. Processes that ended count
    nothing."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / TICK
        except FileNotFoundError:
            pass
    return total


def children(pid):
    found = []
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with open(path, encoding="ascii") as file:
            found += [int(child) for child in file.read().split()]
    return found


def memory_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return int(re.search(r"Pss:\s+(\d+)", file.read()).group(1))


def need(*programs):
    for program in programs:
        if subprocess.run(["which", program], capture_output=True, check=False).returncode:
            sys.exit(f"bench: {program} is missing; scripts/install-deps bench installs it")


# --- loads ---

def h2load(url, argv, clients, streams, answer_bytes, body=None, headers=()):  # pylint: disable=R0913,R0917
    """Run a load; return requests per second, and the sorted times of all answers in microseconds. Ends the program
    if a request fails, has another status than 2xx, or is answered by another number of bytes (None: not checked)."""
    with tempfile.TemporaryDirectory() as folder:
        argv = ["h2load", "-c", str(clients), "-m", str(streams), "-t", "1", f"--log-file={folder}/log", *argv]
        if body is not None:
            with open(f"{folder}/body", "wb") as file:
                file.write(body)
            argv += ["-d", f"{folder}/body"]
        for header in headers:
            argv += ["-H", header]
        done = subprocess.run(argv + [url], capture_output=True, text=True, check=True)
        with open(f"{folder}/log", encoding="ascii") as file:
            times = sorted(int(line.split("\t")[2]) for line in file)
    found = re.search(r"finished in [^,]+, ([\d.]+) req/s.*?(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored.*?"
                      r"status codes: (\d+) 2xx.*?\((\d+)\) data", done.stdout, re.S)
    rate, answered, succeeded, failed, errored, good, data = found.groups() if found else (0, 1, 0, 1, 1, 0, 0)
    # Bytes are counted from the beginning, answers from the end of the warm-up.
    is_whole = answer_bytes is None or (int(data) % answer_bytes == 0 and int(data) >= answer_bytes * int(answered))
    if (failed, errored) != ("0", "0") or not int(answered) == int(succeeded) == int(good) or not is_whole:
        sys.exit(f"h2load: not every answer is as it should be ({answer_bytes} bytes):\n{done.stdout}{done.stderr}")
    return float(rate), times


def licenses(build, address, records, seconds, clients=CLIENTS, streams=STREAMS):  # pylint: disable=R0913,R0917
    """Ask for licenses: one of the records at a time for seconds, or each once (seconds 0). Ends the program unless
    every one is answered by a license for its content."""
    with tempfile.NamedTemporaryFile() as file:
        for record in records:
            file.write(b"".join(len(part).to_bytes(4, "big") + part for part in record))
        file.flush()
        host, port = address.rsplit(":", 1)
        done = subprocess.run([f"{build}/bench/load", host, port, LICENSE, file.name, str(seconds), str(clients),
                               str(streams)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"load failed: {done.stderr}")
    answer = json.loads(done.stdout)
    if answer["failed"] or not answer["ok"]:
        sys.exit(f"the authority refused, or answered otherwise: {answer}")
    return answer


class Meter:
    """Measures what an authority's worker and its PostgreSQL spend on licenses, and that each has its row."""

    def __init__(self, build, authority):
        self.build, self.authority = build, authority
        self.worker = children(authority.process.pid)
        self.granted = self.rows()

    def rows(self):
        return int(self.authority.postgres.sql(GRANTED))

    def postgres(self):
        pid = self.authority.postgres.pid()
        return [pid, *children(pid)]

    def check_rows(self, count):
        """As many licenses were granted since the last look as the clients have."""
        granted = self.rows()
        if granted - self.granted != count:
            sys.exit(f"the clients got {count} licenses, the log has {granted - self.granted}")
        self.granted = granted

    def measure(self, records, seconds):
        postgres = self.postgres()
        before = cpu(self.worker), cpu(postgres)
        answer = licenses(self.build, self.authority.address, records, seconds)
        spent, count = (cpu(self.worker) - before[0], cpu(postgres) - before[1]), answer["ok"]
        self.check_rows(count)
        return {"per_s": count / answer["seconds"], "worker_us": spent[0] / count * 1e6,
                "postgres_us": spent[1] / count * 1e6, "median_ms": answer["median_us"] / 1000,
                "p99_ms": answer["p99_us"] / 1000}


def frame(message):
    """A message as gRPC frames it."""
    data = message.SerializeToString()
    return b"\0" + len(data).to_bytes(4, "big") + data


# --- rounds and tables ---

def spread(values, digits=1):
    """The least, the median and the largest of the rounds."""
    rounded = lambda value: round(value, digits or None)
    return {"min": rounded(min(values)), "median": rounded(statistics.median(values)), "max": rounded(max(values))}


def show(one, unit=""):
    """For a table: the median, and from where to where the rounds went."""
    low, middle, high = (f"{one[key]:,}" for key in ("min", "median", "max"))
    return f"{middle}{unit} ({low}–{high})"


def write_results(name, results):
    with open(f"{ROOT}/bench/results/{name}.json", "w", encoding="ascii") as file:
        json.dump(results, file, indent=2)
        file.write("\n")


def write_table(marker, caption, heads, rows):
    """Replace the text in README.md between `<!-- marker -->` and `<!-- end -->`: a caption and a table."""
    lines = ["| " + " | ".join(line) + " |" for line in (heads, *rows)]
    lines.insert(1, "|---" * len(heads) + "|")
    text = caption + "\n\n" + "".join(line + "\n" for line in lines)
    with open(f"{ROOT}/README.md", encoding="utf-8") as file:
        readme = file.read()
    readme = re.sub(rf"(<!-- {marker} -->\n).*?(<!-- end -->)", lambda m: m.group(1) + text + m.group(2), readme,
                    flags=re.S)
    with open(f"{ROOT}/README.md", "w", encoding="utf-8") as file:
        file.write(readme)
