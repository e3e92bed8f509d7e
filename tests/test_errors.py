"""The tree of errors: what its drawing says is what the classes are."""

from __future__ import annotations

import re

import pytest

from loadgen import errors
from loadgen.endings import Outcome
from loadgen.errors import LoadgenError

DRAWN = re.compile(r"^    ([│├└─ ]*)(\w+Error)\s+(exit|\d+)\s", re.MULTILINE)


def drawn() -> dict[str, tuple[str, int]]:
    """(base, exit code) of each class as the module's docstring draws it."""
    branches: list[str] = []
    found = {}
    for indent, name, code in DRAWN.findall(errors.__doc__ or ""):
        depth = len(indent) // 4
        branches[depth:] = [name]
        found[name] = (branches[depth - 1] if depth else "Exception", 1 if code == "exit" else int(code))
    return found


def classes() -> list[type[LoadgenError]]:
    return [item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, LoadgenError)]


def test_the_drawing_equals_the_classes():
    assert drawn() == {item.__name__: (item.__bases__[0].__name__, item.exit_code) for item in classes()}


def test_every_kind_of_error_has_an_exit_code_of_its_own():
    own = [item for item in classes() if "exit_code" in vars(item)]
    codes = [item.exit_code for item in own]

    assert len(codes) == len(set(codes)), codes
    assert {item.__name__ for item in classes()} - {item.__name__ for item in own} == {
        "FencedError",
        "MessageError",
        "StaleError",
    }


def test_no_exit_code_means_two_things():
    endings = {outcome.exit_code for outcome in Outcome}

    assert len(endings) == len(Outcome)
    assert endings.isdisjoint({item.exit_code for item in classes()})
    assert Outcome.PASSED.exit_code == 0


def test_exit_codes_leave_what_shells_use_alone():
    codes = {item.exit_code for item in classes()} | {outcome.exit_code for outcome in Outcome}

    assert max(codes) < 126


@pytest.mark.parametrize("kind", classes())
def test_an_error_carries_its_sentence_and_hint(kind):
    error = kind("something is wrong", hint="mend it")

    assert (str(error), error.message, error.hint) == ("something is wrong", "something is wrong", "mend it")
    assert kind("no advice").hint == ""
