# SPDX-License-Identifier: Apache-2.0
"""What Kubernetes does with a pod, for a manifest of ours on this machine: networks, volumes with the owners and modes that they have
there, a root that can't be written to, the account, the end. Needs root, for namespaces.

As a program: brings loopback up in a network of its own, and stays until its standard input ends."""
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

from processes import children
from waiting import eventually

SIOCSIFFLAGS, IFF_UP = 0x8914, 1
# That of Linux since 5.16, and of Docker and containerd, which leave it alone.
MEMLOCK = 8 << 20
# Mounts what the arguments name: the image, whether it can be written to, then pairs of a folder and its place; after -- the program.
CONTAINER = r"""
image=$1 mode=$2
shift 2
mount --bind "$image" "$image"
mount -t proc proc "$image/proc"
mount -t tmpfs -o mode=755 dev "$image/dev"
for node in null zero full random urandom; do
    : >"$image/dev/$node"
    mount --bind "/dev/$node" "$image/dev/$node"
done
mount -o "remount,bind,$mode" "$image"
while [ "$1" != -- ]; do
    mount --bind "$1" "$image$2"
    [ "$3" = rw ] || mount -o remount,bind,ro "$image$2"
    shift 3
done
shift
exec "$@"
"""


def missing():
    """What keeps pods from running here; "" if nothing does."""
    if os.geteuid() != 0:
        return "pods need namespaces and mounts, and so root"
    tried = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "mount", "-t", "tmpfs", "x", "/mnt"],
                           capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"no namespaces and mounts are allowed here: {tried.stderr.strip()}"


class Network:
    """A network of its own, where no port is taken."""

    def __init__(self):
        self.process = subprocess.Popen(["unshare", "--net", sys.executable, __file__], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "up\n"

    def within(self, argv):
        return ["nsenter", f"--net=/proc/{self.process.pid}/ns/net", "--", *argv]

    def get(self, port, path, *options):
        """GET by HTTPS from the pod's own machine, as the kubelet does: status and body. 0 if there is no answer."""
        done = subprocess.run(self.within(["curl", "-ksS", "-m", "20", "-w", "\n%{http_code}", *options,
                                           f"https://127.0.0.1:{port}{path}"]), capture_output=True, text=True, check=False)
        body, _, code = done.stdout.rpartition("\n")
        return int(code), body

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)


class Pod:
    """secrets: by name a dict of their keys. config: by name that of a ConfigMap. hosts: lines of /etc/hosts."""

    def __init__(self, spec, image, network, secrets, config, hosts=()):  # pylint: disable=R0913
        self.spec, self.image, self.network = spec, image, network
        self.folder = tempfile.mkdtemp(prefix="chancery-pod-")
        os.chmod(self.folder, 0o755)
        self.user = spec["securityContext"]["runAsUser"]
        self.group = spec["securityContext"]["fsGroup"]
        self.volumes = {volume["name"]: self._volume(volume, secrets, config) for volume in spec["volumes"]}
        self.hosts = f"{self.folder}/hosts"
        with open(self.hosts, "w", encoding="ascii") as file:
            file.write("".join(f"{line}\n" for line in ("127.0.0.1 localhost", *hosts)))
        self.process, self.log = None, f"{self.folder}/log"

    def _volume(self, volume, secrets, config):
        path = f"{self.folder}/{volume['name']}"
        os.mkdir(path)
        if "emptyDir" in volume:
            os.chown(path, 0, self.group)
            os.chmod(path, 0o2777)
        elif "configMap" in volume:
            self._files(path, config[volume["configMap"]["name"]], 0o644)
        else:
            found = {item["path"]: secrets[source["secret"]["name"]][item["key"]]
                     for source in volume["projected"]["sources"] for item in source["secret"]["items"]}
            # The group of fsGroup may read, whatever defaultMode says.
            self._files(path, found, volume["projected"]["defaultMode"] | 0o440)
        return path

    def _files(self, folder, files, mode):
        """Names that are symbolic links through a folder that is one too, and is replaced when a secret changes."""
        os.mkdir(f"{folder}/..2026_11_27")
        os.symlink("..2026_11_27", f"{folder}/..data")
        for name, text in files.items():
            path = f"{folder}/..2026_11_27/{name}"
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chown(path, 0, self.group)
            os.chmod(path, mode)
            os.symlink(f"..data/{name}", f"{folder}/{name}")

    def _argv(self, container, program):
        mounts = [self.hosts, "/etc/hosts", "ro"]
        for mount in container["volumeMounts"]:
            mounts += [self.volumes[mount["name"]], mount["mountPath"], "ro" if mount.get("readOnly") else "rw"]
            os.makedirs(self.image + mount["mountPath"], exist_ok=True)  # as a runtime does before it locks the root
        with open(f"{self.image}/etc/hosts", "a", encoding="ascii"):
            pass
        mode = "ro" if container["securityContext"]["readOnlyRootFilesystem"] else "rw"
        return self.network.within(["unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-euc", CONTAINER, "sh",
                                    self.image, mode, *mounts, "--", *self._locked(program)])

    def _locked(self, program):
        return ["env", "-i", "PATH=/usr/sbin:/usr/bin", "prlimit", f"--memlock={MEMLOCK}", "setpriv", "--no-new-privs",
                "chroot", f"--userspec={self.user}:{self.group}", f"--groups={self.group}", self.image, *program]

    def run(self, container, *program):
        """A container that ends: what came of it."""
        argv = self._argv(container, program or [*container["command"], *container.get("args", ())])
        return subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)

    def init(self):
        for container in self.spec["initContainers"]:
            done = self.run(container)
            assert done.returncode == 0, done.stderr

    def start(self, entrypoint):
        container = self.spec["containers"][0]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self._argv(container, [*entrypoint, *container["args"]]), stderr=log)
        return self

    def first(self):
        """The pid of process 1 of the container, seen from here."""
        return eventually(lambda: children(self.process.pid), "the container has a process")[0]

    def status(self):
        """/proc/PID/status of its process 1."""
        with open(f"/proc/{self.first()}/status", encoding="ascii") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file)

    def execute(self, *program):
        """What `kubectl exec` does."""
        argv = ["nsenter", f"--target={self.first()}", "--mount", "--pid", "--net", "--", *self._locked(program)]
        return subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)

    def probe(self, kind, *options):
        """The status of a probe of the manifest."""
        container = self.spec["containers"][0]
        probe = container[kind]["httpGet"]
        assert probe["scheme"] == "HTTPS"
        port = next(port["containerPort"] for port in container["ports"] if port["name"] == probe["port"])
        return self.network.get(port, probe["path"], *options)[0]

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()  # with --kill-child all of it ends
            self.process.wait(timeout=30)
        shutil.rmtree(self.folder)


def main():
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    print("up", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
