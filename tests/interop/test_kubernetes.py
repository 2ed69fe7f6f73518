# SPDX-License-Identifier: Apache-2.0
"""The Helm chart and the manifests as helm, kustomize and Kubernetes' own types read them, with the libraries that go.mod pins."""
import os
import shutil
import subprocess

import pytest
import yaml

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PINNED = f"{ROOT}/tests/interop/kubernetes"
CHART = f"{ROOT}/deploy/helm/chancery"
VALUES = f"{ROOT}/deploy/kubernetes/values.yaml"
KUBERNETES = "1.30.0"
GO = {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false", "GOTOOLCHAIN": "local", "GOWORK": "off"}


def missing():
    """What keeps these tests from running; "" if nothing does."""
    if not shutil.which("go"):
        return "Go is not installed"
    done = subprocess.run(["go", "mod", "download"], cwd=PINNED, env=GO, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"Go can't load its libraries: {done.stderr.strip()[:200]}"


MISSING = missing()
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture(name="programs", scope="module")
def fixture_programs(tmp_path_factory):
    """The folder with helm, and with `kubernetes`, which reads manifests."""
    folder = tmp_path_factory.mktemp("programs")
    done = subprocess.run(["go", "build", "-o", f"{folder}/", ".", "helm.sh/helm/v3/cmd/helm"], cwd=PINNED, env=GO,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def run(*argv, text=None):
    return subprocess.run([str(part) for part in argv], input=text, capture_output=True, text=True, check=False, timeout=300)


def template(programs, *options, values=VALUES):
    return run(programs / "helm", "template", "chancery", CHART, "--namespace", "chancery", "--kube-version", KUBERNETES, "-f",
               values, *options)


def objects(programs, *options, values=VALUES):
    """What the chart makes, by kind and name, after Kubernetes' types have taken it."""
    done = template(programs, *options, values=values)
    assert done.returncode == 0, done.stderr
    read = run(programs / "kubernetes", text=done.stdout)
    assert read.returncode == 0, read.stderr
    return {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(done.stdout) if one}


def test_helm_finds_nothing(programs):
    done = run(programs / "helm", "lint", "--strict", CHART, "-f", VALUES, "--kube-version", KUBERNETES)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_manifests_are_what_the_chart_says(programs):
    done = run(f"{ROOT}/scripts/gen-kubernetes", "--check", "--helm", programs / "helm")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("folder", ["base", "migrate", "example", "example/migrate"])
def test_kubernetes_reads_each_kustomization(programs, folder):
    done = run(programs / "kubernetes", f"{ROOT}/deploy/kubernetes/{folder}")
    assert done.returncode == 0, done.stderr
    assert ("Job chancery-migrate" if folder.endswith("migrate") else "Deployment chancery") in done.stdout.splitlines()


@pytest.mark.parametrize("change, words", [
    (("runAsNonRoot: true", "runAsNonRoot: false"), "runAsNonRoot"),
    (("drop: [ALL]", "drop: []"), "unrestricted capabilities"),
    (("readOnlyRootFilesystem", "readonlyRootFilesystem"), "unknown field")])
def test_the_reader_refuses_what_it_should(programs, change, words):
    done = run(programs / "kubernetes", text=template(programs).stdout.replace(*change))
    assert done.returncode == 1 and words in done.stderr, done.stderr


def test_all_that_can_be_set_arrives(programs, tmp_path):
    (tmp_path / "values.yaml").write_text("""
image: {repository: r.example/c, digest: "sha256:%s", pullSecrets: [{name: pull}]}
authorityUrl: https://rms.example.org:8443
replicas: 5
workers: 4
listenAddress: "[::]"
database: {conninfo: host=db dbname=chancery user=chancery sslmode=verify-full, secret: db}
rootKey: {secret: root}
tls: {secret: cert}
files: [{secret: relay, key: password, name: relay.password}]
config: {log: {level: warning}, limits: {tenant_calls: 9}}
drainSeconds: 60
preStopSeconds: 15
migration: {enabled: false}
service: {type: LoadBalancer, annotations: {a: b}, loadBalancerSourceRanges: [192.0.2.0/24]}
serviceMonitor: {enabled: true, labels: {release: x}, caSecret: cert}
podDisruptionBudget: {maxUnavailable: 20%%}
networkPolicy: {clients: [{ipBlock: {cidr: 192.0.2.0/24}}], egress: [{ports: [{port: 587}]}]}
podAnnotations: {c: d}
podLabels: {e: f}
nodeSelector: {g: h}
tolerations: [{key: i, operator: Exists}]
affinity: {nodeAffinity: {}}
priorityClassName: high
""" % ("a" * 64), encoding="utf-8")
    made = objects(programs, values=tmp_path / "values.yaml")
    assert not [kind for kind, _ in made if kind == "Job"]
    deployment = made["Deployment", "chancery"]["spec"]
    pod = deployment["template"]["spec"]
    config = yaml.safe_load(made["ConfigMap", "chancery-config"]["data"]["chanceryd.yaml"])
    assert pod["containers"][0]["image"] == "r.example/c@sha256:" + "a" * 64
    assert (deployment["replicas"], config["workers"]) == (5, 4)
    assert [listener["address"] for listener in config["listeners"]] == ["[::]:8443", "[::]:9464"]
    assert config["limits"] == {"drain_ms": 60000, "tenant_calls": 9} and config["log"] == {"level": "warning"}
    assert pod["terminationGracePeriodSeconds"] == 100
    assert pod["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 15}}}
    sources = {source["secret"]["items"][0]["path"]: source["secret"]["name"] for source in pod["volumes"][2]["projected"]["sources"]}
    assert sources == {"root.key": "root", "tls.crt": "cert", "tls.key": "cert", "pgpass": "db", "ca.crt": "db",
                       "relay.password": "relay"}
    assert pod["initContainers"][0]["command"][-1] == "/secrets/relay.password"
    assert (pod["priorityClassName"], pod["nodeSelector"], pod["tolerations"], pod["affinity"], pod["imagePullSecrets"]) == (
        "high", {"g": "h"}, [{"key": "i", "operator": "Exists"}], {"nodeAffinity": {}}, [{"name": "pull"}])
    meta = deployment["template"]["metadata"]
    assert meta["annotations"]["c"] == "d" and meta["labels"]["e"] == "f"
    service = made["Service", "chancery"]
    assert service["spec"]["externalTrafficPolicy"] == "Local" and service["metadata"]["annotations"] == {"a": "b"}
    assert made["ServiceMonitor", "chancery"]["spec"]["endpoints"][0]["tlsConfig"] == {
        "serverName": "rms.example.org", "ca": {"secret": {"name": "cert", "key": "ca.crt"}}}
    policy = made["NetworkPolicy", "chancery"]["spec"]
    assert policy["ingress"][0]["from"] == [{"ipBlock": {"cidr": "192.0.2.0/24"}}]
    assert policy["egress"][-1] == {"ports": [{"port": 587}]}
    assert made["PodDisruptionBudget", "chancery"]["spec"]["maxUnavailable"] == "20%"


def test_another_configuration_is_another_pod(programs):
    sums = {objects(programs, "--set", f"workers={count}")["Deployment", "chancery"]["spec"]["template"]["metadata"]["annotations"]
            ["checksum/config"] for count in (2, 3)}
    assert len(sums) == 2


@pytest.mark.parametrize("option, words", [
    ("image.repository=", "image/repository"),
    ("authorityUrl=http://rms.example.org", "authorityUrl"),
    ("authorityUrl=https://rms.example.org/", "authorityUrl"),
    ("database.conninfo=", "database/conninfo"),
    ("database.conninfo=host=db password=x", "database/conninfo"),
    ("database.conninfo=postgres://u:x@db/chancery", "database/conninfo"),
    ("migration.conninfo=", "migration/conninfo"),
    ("replicas=0", "replicas"),
    ("workers=65", "workers"),
    ("rootKey.secret=", "rootKey/secret"),
    ("rootKey.value=00", "value"),
    ("service.type=ExternalName", "service/type"),
    ("replcias=3", "replcias")])
def test_values_that_are_wrong_are_refused(programs, option, words):
    done = template(programs, "--set", option)
    assert done.returncode == 1
    assert words in done.stderr.replace(".", "/"), done.stderr


def test_a_file_of_one_s_own_takes_no_place_of_ours(programs):
    done = template(programs, "--set-json", 'files=[{"secret":"a","key":"b","name":"root.key"}]')
    assert done.returncode == 1 and "files" in done.stderr


@pytest.mark.parametrize("name", ["drain_ms", "drainMs"])
def test_the_time_to_drain_is_said_once(programs, name):
    """Two could contradict each other: the pod was killed before the server had drained."""
    done = template(programs, "--set", f"config.limits.{name}=90000")
    assert done.returncode != 0 and "set drainSeconds instead" in done.stderr
    made = objects(programs, "--set", "drainSeconds=90", "--set", "config.limits.max_connections=5000")
    config = yaml.safe_load(made["ConfigMap", "chancery-config"]["data"]["chanceryd.yaml"])
    assert config["limits"] == {"drain_ms": 90000, "max_connections": 5000}
    assert made["Deployment", "chancery"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 90


@pytest.mark.parametrize("endpoint, port", [("https://collector.example.org:4318", 4318), ("https://[2001:db8::1]:4319/otlp", 4319),
                                            ("https://collector.example.org/v1:5", 443)])
@pytest.mark.parametrize("name", ["otlp_endpoint", "otlpEndpoint"])
def test_the_collector_can_be_reached(programs, tmp_path, name, endpoint, port):
    to = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "telemetry"}}}]
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump({"config": {"telemetry": {name: endpoint}}, "networkPolicy": {"telemetry": to}}))
    egress = objects(programs, "-f", values)["NetworkPolicy", "chancery"]["spec"]["egress"]
    assert {"ports": [{"port": port, "protocol": "TCP"}], "to": to} in egress
    assert len(egress) == 1 + len(objects(programs)["NetworkPolicy", "chancery"]["spec"]["egress"])
