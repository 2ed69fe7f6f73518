# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: CPU time and memory of processes, loads, the tables in README.md."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
TICK = os.sysconf("SC_CLK_TCK")


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


def h2load(url, seconds, body=None, headers=(), clients=8, streams=32, rps=None):  # pylint: disable=R0913,R0917
    """Run a load; return requests per second, and the sorted times of all answers in microseconds.
    Ends the program if a request fails."""
    with tempfile.TemporaryDirectory() as folder:
        argv = ["h2load", "-c", str(clients), "-m", str(streams), "-t", "1", "-D", str(seconds),
                "--warm-up-time", "1", f"--log-file={folder}/log"]
        if rps:
            argv += [f"--rps={rps // clients}"]
        if body is not None:
            with open(f"{folder}/body", "wb") as file:
                file.write(body)
            argv += ["-d", f"{folder}/body"]
        for header in headers:
            argv += ["-H", header]
        done = subprocess.run(argv + [url], capture_output=True, text=True, check=True)
        with open(f"{folder}/log", encoding="ascii") as file:
            times = sorted(int(line.split("\t")[2]) for line in file)
    match = re.search(r"finished in [^,]+, ([\d.]+) req/s", done.stdout)
    bad = re.search(r"(\d+) failed, (\d+) errored", done.stdout)
    if not match or bad.groups() != ("0", "0"):
        sys.exit(f"h2load failed:\n{done.stdout}{done.stderr}")
    return float(match.group(1)), times


def frame(message):
    """A message as gRPC frames it."""
    data = message.SerializeToString()
    return b"\0" + len(data).to_bytes(4, "big") + data


def write_results(name, results):
    with open(f"{ROOT}/bench/results/{name}.json", "w", encoding="ascii") as file:
        json.dump(results, file, indent=2)
        file.write("\n")


def write_table(marker, heads, rows):
    """Replace the table in README.md between `<!-- marker -->` and `<!-- end -->`."""
    lines = ["| " + " | ".join(line) + " |" for line in (heads, *rows)]
    lines.insert(1, "|---" * len(heads) + "|")
    text = "".join(line + "\n" for line in lines)
    with open(f"{ROOT}/README.md", encoding="utf-8") as file:
        readme = file.read()
    readme = re.sub(rf"(<!-- {marker} -->\n).*?(<!-- end -->)", lambda m: m.group(1) + text + m.group(2), readme,
                    flags=re.S)
    with open(f"{ROOT}/README.md", "w", encoding="utf-8") as file:
        file.write(readme)
