"""A run as submitted: what its signature covers, and reading its plan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.errors import MessageError, PlanError
from loadgen.messages import RunSpec
from loadgen.plan.model import Plan

KEY = b"the cluster's key"
PLAN = Plan.model_validate(
    {
        "name": "demo",
        "target": {"base_url": "http://127.0.0.1:1"},
        "journeys": [{"file": "browse.py", "user": "Browser"}],
        "load": [{"shape": {"constant": {"at": "5/s", "for": "10s"}}}],
    }
)


def spec(**changes) -> RunSpec:
    fields = {
        "run": "demo-1",
        "plan": PLAN.model_dump_json(),
        "submitted_at": 1.0,
        "files": {"browse.py": "a" * 64},
        "digest": "b" * 64,
        "code": "shipped",
    }
    return RunSpec.model_validate(fields | changes)


def test_what_was_signed_with_a_key_is_signed_with_it():
    signed = spec().signed(KEY)

    assert signed.is_signed_with(KEY)
    assert RunSpec.decode(signed.encode()).is_signed_with(KEY)


def test_what_was_not_signed_is_signed_with_no_key():
    assert not spec().is_signed_with(KEY)
    assert not spec().is_signed_with(b"")


@given(st.binary(max_size=40))
def test_another_key_does_not_fit(key):
    assert spec().signed(KEY).is_signed_with(key) == (key == KEY)


@pytest.mark.parametrize(
    "change",
    [{"run": "demo-2"}, {"plan": PLAN.model_dump_json().replace("5.0", "5000.0")}, {"plan": ""}, {"digest": "c" * 64}],
)
def test_a_change_of_run_plan_or_code_breaks_the_signature(change):
    changed = spec().signed(KEY).model_copy(update=change)

    assert not changed.is_signed_with(KEY)


@given(st.integers(0, 63), st.sampled_from("0123456789abcdef"))
def test_a_change_of_the_signature_breaks_it(place, digit):
    signed = spec().signed(KEY)
    other = signed.signature[:place] + digit + signed.signature[place + 1 :]

    assert signed.model_copy(update={"signature": other}).is_signed_with(KEY) == (other == signed.signature)


def test_what_is_signed_cannot_be_moved_between_fields():
    one = spec(run="ab", plan="c").signed(KEY)

    assert not spec(run="a", plan="bc", signature=one.signature).is_signed_with(KEY)


@pytest.mark.parametrize("change", [{"digest": "B" * 64}, {"digest": "b" * 63}, {"signature": "x"}, {"code": "mailed"}])
def test_digests_and_signatures_have_their_form(change):
    fields = spec().model_dump() | change
    with pytest.raises(MessageError):
        RunSpec.decode(RunSpec.model_construct(**fields).model_dump_json())


def test_the_plan_is_read():
    assert spec().read_plan() == PLAN


@pytest.mark.parametrize("plan", ["", "{}", "[]", '{"name": 1}', PLAN.model_dump_json()[:-1] + ', "holding": true}'])
def test_a_plan_of_another_version_is_an_error_with_a_hint(plan):
    with pytest.raises(PlanError, match="not one that this version of loadgen understands") as caught:
        spec(plan=plan).read_plan()
    assert "same version" in caught.value.hint
