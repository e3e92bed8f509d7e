"""What a process may hand out: no position twice at once, and nothing lost."""

from __future__ import annotations

from collections import deque

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from loadgen.data.hand import Hand

ROWS = 12


class Dealing(RuleBasedStateMachine):
    """One hand that is dealt ranges of a few rows, and what becomes of them."""

    def __init__(self) -> None:
        super().__init__()
        self.hand = Hand(recycle=True)
        self.waiting = deque((low, low + 3) for low in range(0, ROWS, 3))
        self.held = []

    @rule()
    def draw(self):
        held = self.hand.draw()
        if held is None and self.waiting:
            self.hand.deal(*self.waiting.popleft())
            held = self.hand.draw()
        held = held or self.hand.draw_again()
        if held is not None:
            assert held.position not in [other.position for other in self.held]
            self.held.append(held)
        else:
            assert not self.waiting
            assert len(self.held) == ROWS

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, ROWS))
    def put_back(self, which):
        rest = self.hand.put_back(self.held.pop(which % len(self.held)))
        if rest is not None:
            assert rest.low == rest.from_
            self.waiting.append((rest.from_, rest.to))

    @invariant()
    def what_waits_is_in_nobodys_use(self):
        waits = {position for low, high in self.waiting for position in range(low, high)}
        assert not waits & {held.position for held in self.held}

    def teardown(self):
        rests = list(self.hand.all())
        used = {held.position for held in self.held}
        back = [p for rest in rests for p in range(rest.from_, rest.to)]
        assert not used & set(back)


TestDealing = Dealing.TestCase


def test_rows_that_are_used_once_do_not_come_back():
    hand = Hand(recycle=False)
    hand.deal(0, 3)
    first = hand.draw()

    assert hand.put_back(first) is None
    assert list(hand.all()) == [(0, 0, 1, 3)]


def test_a_finished_range_that_is_used_once_goes_back_empty():
    hand = Hand(recycle=False)
    hand.deal(0, 1)

    assert hand.put_back(hand.draw()) == (0, 0, 1, 1)
