"""Which requests a fault strikes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from loadgen.demoshop.faults import Fault, FaultKind, Faults
from loadgen.demoshop.stations import Step


def test_without_faults_nothing_is_struck() -> None:
    faults = Faults()
    assert not faults
    assert faults.strike(Step.HOME) == (None, 0.0)


def test_a_fault_of_one_step_leaves_the_others_alone() -> None:
    faults = Faults([Fault(kind=FaultKind.ERROR, step=Step.PAYMENT)])
    assert faults.strike(Step.PAYMENT) == (FaultKind.ERROR, 0.0)
    assert faults.strike(Step.HOME) == (None, 0.0)
    assert faults.strike(None) == (None, 0.0)


@settings(deadline=None)
@given(share=st.floats(0, 1), requests=st.integers(1, 300))
def test_the_share_is_kept_to_within_one_request(share: float, requests: int) -> None:
    faults = Faults([Fault(kind=FaultKind.ERROR, share=share)])
    struck = sum(faults.strike(Step.HOME)[0] is FaultKind.ERROR for _ in range(requests))
    assert abs(struck - share * requests) <= 1


def test_slow_adds_up_and_goes_with_another_fault() -> None:
    faults = Faults(
        [
            Fault(kind=FaultKind.SLOW, ms=100),
            Fault(kind=FaultKind.SLOW, step=Step.HOME, ms=50),
            Fault(kind=FaultKind.RESET, step=Step.HOME),
        ]
    )
    assert faults.strike(Step.HOME) == (FaultKind.RESET, pytest.approx(0.15))
    assert faults.strike(Step.CART) == (None, pytest.approx(0.1))


def test_of_several_fates_the_harshest_wins() -> None:
    faults = Faults([Fault(kind=kind) for kind in reversed(FaultKind)])
    assert faults.strike(Step.HOME)[0] is FaultKind.REFUSE


def test_switching_on_the_same_kind_and_step_replaces_it() -> None:
    faults = Faults([Fault(kind=FaultKind.SLOW, ms=100)])
    faults.switch_on(Fault(kind=FaultKind.SLOW, ms=200))
    assert [fault.ms for fault in faults.active] == [200]
    faults.clear()
    assert faults.active == []


@pytest.mark.parametrize(
    ("text", "kind", "step", "share"),
    [
        ("stall", FaultKind.STALL, None, 1.0),
        ("slow:payment", FaultKind.SLOW, Step.PAYMENT, 1.0),
        ("error:cart@0.25", FaultKind.ERROR, Step.CART, 0.25),
        ("lost-cart-after-decline@0", FaultKind.LOST_CART, None, 0.0),
    ],
)
def test_a_fault_is_read_from_the_command_line(text: str, kind: FaultKind, step: Step | None, share: float) -> None:
    assert Fault.parse(text) == Fault(kind=kind, step=step, share=share)


def test_planted_faults_strike_no_request_and_show_at_their_share() -> None:
    faults = Faults([Fault(kind=FaultKind.OVERSELL, share=0.5)])
    assert not faults
    assert faults.strike(Step.PAYMENT) == (None, 0.0)
    assert [faults.plants(FaultKind.OVERSELL) for _ in range(4)] == [False, True, False, True]
    assert not faults.plants(FaultKind.DOUBLE_CHARGE)
    faults.clear()
    assert (faults.plants(FaultKind.OVERSELL), faults.active) == (False, [])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("slwo", "no fault 'slwo'; there are refuse, stall, error, reset, slow"),
        ("", "no fault ''"),
        ("slow:till", "no step 'till'; there are home, "),
        ("slow:", "no step ''"),
        ("slow@1.1", "no share '1.1'; one is from 0 to 1"),
        ("slow@", "no share ''"),
        ("oversell:cart", "oversell belongs to no step"),
    ],
)
def test_a_wrong_fault_is_refused_with_those_there_are(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Fault.parse(text)


@pytest.mark.parametrize("wrong", [{"share": 1.1}, {"share": float("nan")}, {"ms": -1}, {"ms": 1e9}, {"sharre": 1}])
def test_absurd_numbers_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate({"kind": "slow"} | wrong)
