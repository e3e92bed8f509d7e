"""What hatch_build.py compiles keeps to what a compiled class can do."""

from __future__ import annotations

import ast
import builtins
import itertools
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "hatch_build.py"

PLAIN = {"ABC", "IntEnum", "NamedTuple", "Protocol"}
"""Bases that the compiler knows; and of the built-in ones, exceptions."""


def compiled() -> list[Path]:
    tree = ast.parse(BUILD.read_text())
    (listed,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "COMPILED"
    )
    return [ROOT / "loadgen" / f"{module}.py" for module in listed]


def classes(file: Path) -> list[ast.ClassDef]:
    return [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ClassDef)]


@pytest.mark.parametrize("file", compiled(), ids=lambda file: file.stem)
def test_a_compiled_class_has_no_base_that_is_unknown_to_the_compiler(file: Path) -> None:
    own = {each.name for other in compiled() for each in classes(other)}
    errors = {name for name, it in vars(builtins).items() if isinstance(it, type) and issubclass(it, Exception)}
    for each in classes(file):
        assert {ast.unparse(base) for base in each.bases} <= own | PLAIN | errors, each.name


@pytest.mark.parametrize("file", compiled(), ids=lambda file: file.stem)
def test_a_compiled_slice_has_bounds_that_may_be_worked_out_twice(file: Path) -> None:
    """As mypyc does, where it does not know what is being cut: a call there is made twice."""
    bounds = [
        bound
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Slice)
        for bound in (node.lower, node.upper, node.step)
        if bound is not None
    ]
    assert not [ast.unparse(bound) for bound in bounds if any(isinstance(part, ast.Call) for part in ast.walk(bound))]


def test_nothing_that_is_interpreted_inherits_from_what_is_compiled() -> None:
    compiled_files = set(compiled())
    protocols = {
        each.name
        for file in compiled_files
        for each in classes(file)
        if {"Protocol", "NamedTuple"} & {ast.unparse(base) for base in each.bases}
    }
    own = {each.name for file in compiled_files for each in classes(file)} - protocols
    others = [file for file in (ROOT / "loadgen").rglob("*.py") if file not in compiled_files]
    assert len(others) > 100
    heirs = [
        (file.name, each.name)
        for file, each in itertools.chain.from_iterable([(file, each) for each in classes(file)] for file in others)
        if own & {ast.unparse(base) for base in each.bases}
    ]
    assert heirs == []


def test_nothing_compiled_lies_in_the_checkout() -> None:
    """Python would take it for the module beside it: who edits one must not run an older one."""
    assert list((ROOT / "loadgen").rglob("*.so")) == []
