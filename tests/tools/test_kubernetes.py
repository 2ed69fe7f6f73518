# SPDX-License-Identifier: Apache-2.0
"""The manifests of deploy/kubernetes by themselves: they fit together, ask for no rights, and hold no secret. tests/e2e/test_container.py
runs them; tests/interop/test_kubernetes.py reads them, and the Helm chart, as Kubernetes does."""
import glob
import json
import os
import re
import subprocess

import pytest
import yaml

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ["CHANCERY_BUILD"]
FOLDER = f"{ROOT}/deploy/kubernetes"
CHART = f"{ROOT}/deploy/helm/chancery"
KILL_MARGIN = 5  # seconds, after which the supervisor kills a worker that drains for too long (server/daemon/children.h)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def load(path):
    return yaml.safe_load(read(f"{FOLDER}/{path}"))


def printed(path):
    done = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--config", path, "--print-config"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


WORKLOADS = {path: load(path) for path in ("base/deployment.yaml", "migrate/migrate.yaml")}
PODS = {path: workload["spec"]["template"] for path, workload in WORKLOADS.items()}
CONTAINERS = [(path, container) for path, pod in PODS.items()
              for container in pod["spec"]["initContainers"] + pod["spec"]["containers"]]
DEPLOYMENT = WORKLOADS["base/deployment.yaml"]["spec"]
SERVER = DEPLOYMENT["template"]["spec"]["containers"][0]


def test_every_file_is_used():
    for folder in ("base", "migrate", "servicemonitor", "example"):
        used = load(f"{folder}/kustomization.yaml")
        named = {name for name in used.get("resources", []) if name.endswith(".yaml")}
        named |= {name for one in used.get("configMapGenerator", []) for name in one["files"]}
        there = {os.path.basename(path) for path in glob.glob(f"{FOLDER}/{folder}/*.yaml")} - {"kustomization.yaml"}
        assert named == there, folder


@pytest.mark.parametrize("path", PODS)
def test_pods_ask_for_no_rights(path):
    spec = PODS[path]["spec"]
    security = spec["securityContext"]
    assert security["runAsNonRoot"] is True and security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert security["runAsUser"] == security["runAsGroup"] == security["fsGroup"] == 10001
    assert spec["automountServiceAccountToken"] is False and spec["enableServiceLinks"] is False
    assert not set(spec) & {"hostNetwork", "hostPID", "hostIPC", "hostUsers", "shareProcessNamespace"}
    assert all(set(volume) <= {"name", "emptyDir", "configMap", "projected"} for volume in spec["volumes"])


@pytest.mark.parametrize("path, container", CONTAINERS, ids=lambda value: value["name"] if isinstance(value, dict) else None)
def test_containers_ask_for_no_rights(path, container):
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                            "capabilities": {"drop": ["ALL"]}}, path
    assert "env" not in container and "envFrom" not in container  # a secret in the environment is everybody's who looks
    assert container["resources"]["requests"]["memory"] and container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("path", PODS)
def test_secrets_are_named_and_only_the_copies_reach_the_programs(path):
    spec = PODS[path]["spec"]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert volumes["keys"]["emptyDir"]["medium"] == "Memory"
    assert volumes["secrets"]["projected"]["defaultMode"] == 0o400
    copied = {item["path"] for source in volumes["secrets"]["projected"]["sources"] for item in source["secret"]["items"]}
    assert {os.path.basename(name) for name in spec["initContainers"][0]["command"] if name.startswith("/secrets/")} == copied
    mounts = {mount["name"]: mount for mount in spec["containers"][0]["volumeMounts"]}
    assert "secrets" not in mounts and all(mount["readOnly"] for mount in mounts.values())


def test_no_manifest_holds_a_secret():
    for path in glob.glob(f"{FOLDER}/**/*.yaml", recursive=True) + glob.glob(f"{CHART}/**/*.yaml", recursive=True):
        assert not re.search(r"^kind: Secret$|PRIVATE KEY|\bpassword=", read(path), re.M), path


def test_what_the_configuration_names_is_mounted():
    config = printed(f"{FOLDER}/base/chanceryd.yaml")
    spec = DEPLOYMENT["template"]["spec"]
    there = {f"/run/chancery/{item['path']}" for volume in spec["volumes"] if "projected" in volume
             for source in volume["projected"]["sources"] for item in source["secret"]["items"]}
    named = set(re.findall(r"/run/chancery/[\w.]+", json.dumps(config)))
    assert named == there
    ports = {port["name"]: port["containerPort"] for port in SERVER["ports"]}
    assert [listener["address"] for listener in config["listeners"]] == [f"0.0.0.0:{ports[name]}" for name in ("https", "watch")]


def test_the_example_is_a_configuration():
    ours, base = printed(f"{FOLDER}/example/chanceryd.yaml"), printed(f"{FOLDER}/base/chanceryd.yaml")
    assert ours["listeners"] == base["listeners"] and ours["rootKey"] == base["rootKey"]


def test_ports_and_labels_lead_to_the_server():
    ports = {port["name"] for port in SERVER["ports"]}
    labels = DEPLOYMENT["template"]["metadata"]["labels"]
    selectors = {"deployment": DEPLOYMENT["selector"]["matchLabels"]}
    for name in ("service", "watch"):
        spec = load(f"base/{name}.yaml")["spec"]
        selectors[name] = spec["selector"]
        assert {port["targetPort"] for port in spec["ports"]} <= ports
    selectors["budget"] = load("base/poddisruptionbudget.yaml")["spec"]["selector"]["matchLabels"]
    for constraint in DEPLOYMENT["template"]["spec"]["topologySpreadConstraints"]:
        selectors[constraint["topologyKey"]] = constraint["labelSelector"]["matchLabels"]
    for who, selector in selectors.items():
        assert selector.items() <= labels.items(), who
        assert not selector.items() <= PODS["migrate/migrate.yaml"]["metadata"]["labels"].items(), who
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert SERVER[kind]["httpGet"]["port"] in ports
    monitor = load("servicemonitor/servicemonitor.yaml")["spec"]
    assert monitor["selector"]["matchLabels"].items() <= load("base/watch.yaml")["metadata"]["labels"].items()
    assert load("base/watch.yaml")["metadata"]["labels"][monitor["jobLabel"]] == "chancery"  # the alert rules' job


def test_the_network_policy_holds_every_pod_and_opens_what_is_needed():
    policy = load("base/networkpolicy.yaml")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    for path, pod in PODS.items():
        assert policy["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items(), path
    inward = {port["port"]: rule.get("from") for rule in policy["ingress"] for port in rule["ports"]}
    assert set(inward) == {port["name"] for port in SERVER["ports"]}
    assert inward["watch"], "metrics are not for everybody"
    assert {port["port"] for rule in policy["egress"] for port in rule["ports"]} == {53, 5432, 443}
    issuers = next(rule["to"] for rule in policy["egress"] if rule["ports"][0]["port"] == 443)
    assert "169.254.0.0/16" in issuers[0]["ipBlock"]["except"]  # the cloud's metadata


def test_calls_on_their_way_have_their_time():
    drain = printed(f"{FOLDER}/base/chanceryd.yaml")["limits"]["drainMs"] / 1000
    pause = SERVER["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert DEPLOYMENT["template"]["spec"]["terminationGracePeriodSeconds"] >= pause + drain + KILL_MARGIN
    assert DEPLOYMENT["replicas"] >= 3 and DEPLOYMENT["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert "KILL_MARGIN_MS = 5000" in read(f"{ROOT}/server/daemon/children.h")


def test_versions_are_this_one():
    version = re.search(r"project\(chancery VERSION (\d+\.\d+\.\d+) ", read(f"{ROOT}/CMakeLists.txt"))[1]
    chart = yaml.safe_load(read(f"{CHART}/Chart.yaml"))
    assert chart["version"] == chart["appVersion"] == version
    assert {container["image"] for _, container in CONTAINERS} == {f"registry.example.org/chancery:{version}"}
    for folder in ("example", "example/migrate"):
        assert load(f"{folder}/kustomization.yaml")["images"][0]["newTag"] == version


def test_ports_of_the_image_are_those_of_the_pods():
    file = read(f"{ROOT}/deploy/container/Containerfile")
    assert re.search(r"^EXPOSE (.+)$", file, re.M)[1].split() == [str(port["containerPort"]) for port in SERVER["ports"]]
    assert re.search(r"^USER (.+)$", file, re.M)[1] == "10001:10001"
