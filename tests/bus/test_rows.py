"""Rows are dealt so that no two workers have one at once, and those of lost workers are free again."""

from __future__ import annotations

import itertools

import pytest

from loadgen.bus import ClusterBus, RunBus, keys
from loadgen.bus.rows import Answer, Dealt, Returned, RowsBus
from loadgen.errors import FencedError

RUN, FENCE = "r-1", 7


@pytest.fixture
def rows(bus, make_spec) -> RowsBus:
    """The rows of a run that a leader has claimed."""
    ClusterBus(bus).submit(make_spec(RUN), b"")
    RunBus(bus, RUN).claim(FENCE)
    rows = RowsBus(bus, RUN)
    rows.open(FENCE)
    return rows


def take(rows, worker="a", total=3, unique=True, again=True, source="accounts") -> Answer:
    return rows.take(source, worker, total, unique=unique, again=again)


def test_each_row_is_dealt_to_one_worker(rows):
    spans = [take(rows, worker)[1:3] for worker in "aba"]

    assert spans == [(0, 1), (1, 2), (2, 3)]
    assert take(rows, "b") == (Dealt.NONE_LEFT, 0, 0, 0)
    assert take(rows, "b", source="others").dealt is Dealt.SOME
    assert rows.holders() == {"a", "b"}


def test_large_sources_are_dealt_in_ranges_that_shrink_so_that_all_workers_get_some(rows):
    answers = [take(rows, f"w-{number}", 300_000) for number in range(500)]
    sizes = [answer.behind - answer.first for answer in answers]

    assert sizes[0] == 292
    assert all(1 <= later <= earlier for earlier, later in itertools.pairwise(sizes))
    assert sizes[-1] < 200  # after 10,000 workers there would still be one
    assert take(rows, total=10**9, source="huge").behind == 1000


def test_what_came_back_is_dealt_again_when_nothing_new_is_left(rows):
    first, *_ = [take(rows) for _ in range(3)]

    assert rows.give("a", [Returned("accounts", 0, first.token, 0, 1)]) == 1
    assert take(rows, "b")[:3] == (Dealt.SOME, 0, 1)
    assert take(rows, "b").dealt is Dealt.NONE_LEFT


def test_a_range_that_is_given_back_twice_is_taken_back_once(rows):
    first, *_ = [take(rows) for _ in range(3)]
    returned = Returned("accounts", 0, first.token, 0, 1)
    rows.give("a", [returned])
    again = take(rows)

    assert again[1:3] == (0, 1)
    assert rows.give("a", [returned]) == 0
    assert rows.give("b", [Returned("accounts", 0, again.token, 0, 1)]) == 0
    assert take(rows, "b").dealt is Dealt.NONE_LEFT


def test_only_the_part_that_was_not_used_may_be_dealt_again(rows):
    answer = take(rows, total=9000)
    assert answer[1:3] == (0, 8)
    rows.give("a", [Returned("accounts", 0, answer.token, 5, 8)])
    while (last := take(rows, total=9000)).first > answer.first and last.dealt is Dealt.SOME and last.first != 5:
        pass

    spans = {last[1:3], *(take(rows, total=9000)[1:3] for _ in range(2))}
    assert spans == {(5, 6), (6, 7), (7, 8)}


def test_the_rows_of_a_lost_worker_are_free_again_and_it_gets_no_more(rows):
    for worker in "aab":
        take(rows, worker)

    assert rows.free(FENCE, "a", ["accounts"]) == 2
    assert rows.holders() == {"b"}
    assert take(rows, "a").dealt is Dealt.TAKEN_AWAY
    assert {take(rows, "b")[1:3] for _ in range(2)} == {(0, 1), (1, 2)}
    assert rows.free(FENCE, "a", ["accounts"]) == 0


def test_rows_that_are_used_once_are_not_dealt_again_when_their_worker_is_lost(rows):
    for _ in range(3):
        take(rows)

    assert rows.free(FENCE, "a", []) == 3
    assert take(rows, "b").dealt is Dealt.NONE_LEFT


def test_shared_rows_in_order_are_nobody_s_and_begin_again_where_the_plan_says_so(rows):
    dealt = [take(rows, worker, unique=False).first for worker in "abab"]

    assert dealt == [0, 1, 2, 0]
    assert rows.holders() == set()
    once = [take(rows, unique=False, again=False, source="once").dealt for _ in range(4)]
    assert once == [Dealt.SOME] * 3 + [Dealt.NONE_LEFT]


def test_workers_that_count_other_rows_get_none(rows):
    take(rows, total=3)

    assert take(rows, "b", total=4).dealt is Dealt.OTHER_ROWS


def test_nothing_is_dealt_where_redis_does_not_know_who_holds_what(bus, rows):
    take(rows)
    bus.client.delete(keys.run_key(RUN, "rows"))

    assert take(rows, "b").dealt is Dealt.FORGOTTEN


def test_only_the_leader_opens_and_frees(rows):
    take(rows)
    with pytest.raises(FencedError):
        rows.open(FENCE - 1)
    with pytest.raises(FencedError):
        rows.free(FENCE - 1, "a", ["accounts"])
    assert rows.holders() == {"a"}


def test_the_keys_expire_with_the_run(bus, rows):
    both = [keys.run_key(RUN, part) for part in ("rows", "rows-held")]
    take(rows)
    assert all(bus.client.ttl(key) > 30 * 86400 for key in both)

    RunBus(bus, RUN).expire(100)
    take(rows)
    assert all(0 < bus.client.ttl(key) <= 100 for key in both)
