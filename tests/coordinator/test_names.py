"""Names of a run are capped over all workers together."""

from __future__ import annotations

import copy

from drawn import tallies
from hypothesis import given

from loadgen.coordinator.names import RunNames
from loadgen.stats import OTHER, Tally


def names(tally: Tally) -> list[str]:
    return sorted({key.name for key in tally.series})


def test_the_first_names_are_kept_and_the_rest_is_folded(make):
    run, one = RunNames(2), Tally.merged([make.tally(3, name=name) for name in ("/a", "/b")])
    other = Tally.merged([make.tally(n, name=f"/{name}") for n, name in enumerate("abcd", 1)])
    run.fold(one)
    run.fold(other)

    assert (names(one), one.renamed) == (["/a", "/b"], 0)
    assert names(other) == ["/a", "/b", OTHER]
    assert other.renamed == 3 + 4
    assert other.requests == 10


def test_what_an_earlier_leader_kept_stays_apart(make):
    sealed, later, stranger = (make.tally(name=name) for name in ("/a", "/a", "/b"))
    run = RunNames(1)
    run.remember(sealed)
    run.fold(stranger)
    run.fold(later)

    assert (names(later), names(stranger)) == (["/a"], [OTHER])


@given(tallies)
def test_folding_loses_no_request(tally):
    before = copy.deepcopy(tally)
    RunNames(1).fold(tally)

    assert len({key.name for key in tally.series} - {OTHER}) <= 1
    assert (tally.requests, tally.failures, tally.response_bytes) == (
        before.requests,
        before.failures,
        before.response_bytes,
    )
    assert tally.service() == before.service()
