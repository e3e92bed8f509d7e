from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from types import SimpleNamespace

import pytest
from metrics.protobuf_reader import read

from loadgen.messages import RunState
from loadgen.metrics import ClusterSnapshot, rendering
from loadgen.metrics.protobuf import CONTENT_TYPE
from loadgen.metrics.rendering import KEPT_S, Rendering
from loadgen.stats import Tally

PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"


class Coordinator:
    """What a coordinator shows, at a time that tests set; counts how often it is written."""

    def __init__(self, snapshot: ClusterSnapshot | None, monkeypatch: pytest.MonkeyPatch) -> None:
        self.snapshot, self.now_s, self.written = snapshot, 100.0, 0
        self.rendering = Rendering(lambda: self.snapshot, lambda: self.now_s)
        write = rendering.written

        def counted(*args: object) -> object:
            self.written += 1
            return write(*args)

        monkeypatch.setattr(rendering, "written", counted)

    def page(self, accept: str = PROTOBUF, **more: object) -> bytes:
        return self.rendering.page(accept, **more)[1]


@pytest.fixture
def shown(make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Coordinator:
    return Coordinator(make.cluster(make.busy_run()), monkeypatch)


def test_a_page_is_written_once_while_nothing_is_sealed(shown: Coordinator) -> None:
    first = shown.page()
    shown.now_s += KEPT_S / 2
    shown.snapshot = replace(shown.snapshot, queued=7)
    assert shown.page() is first
    assert gzip.decompress(shown.page(packed=True)) == first
    assert shown.written == 1


def test_what_does_not_follow_seconds_is_seen_a_second_later(shown: Coordinator) -> None:
    first = shown.page()
    shown.snapshot = replace(shown.snapshot, queued=7)
    shown.now_s += KEPT_S
    assert shown.page() != first


def test_a_sealed_second_is_seen_at_once(shown: Coordinator, make: SimpleNamespace) -> None:
    first = shown.page()
    (run,) = shown.snapshot.runs
    total = run.total.then(Tally(series={make.key(): make.series([1000])}))
    shown.snapshot = replace(shown.snapshot, runs=(replace(run, total=total),))
    assert shown.page() != first


@pytest.mark.parametrize("change", ["state", "lease", "gone"])
def test_the_end_of_a_run_and_of_a_lease_are_seen_at_once(
    shown: Coordinator, make: SimpleNamespace, change: str
) -> None:
    first = shown.page("text/plain")
    if change == "state":
        (run,) = shown.snapshot.runs
        record = run.record.model_copy(update={"state": RunState.FINISHED})
        shown.snapshot = replace(shown.snapshot, runs=(replace(run, record=record),))
    elif change == "lease":
        shown.snapshot = replace(shown.snapshot, leads_until_s=100.0)
    else:
        shown.snapshot = make.cluster()
    assert shown.page("text/plain") != first


def test_each_format_is_itself(shown: Coordinator) -> None:
    kind, body = shown.rendering.page(PROTOBUF)
    assert kind == CONTENT_TYPE
    assert "loadgen_requests_total" in {family.name for family in read(body)}
    kind, body = shown.rendering.page("application/openmetrics-text;version=1.0.0")
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    assert body.endswith(b"# EOF\n")
    kind, body = shown.rendering.page("")
    assert kind == "text/plain; version=0.0.4; charset=utf-8"


def test_some_families_can_be_asked_for_by_the_names_of_their_series(shown: Coordinator) -> None:
    names = frozenset({"loadgen_leader", "loadgen_request_duration_seconds_bucket", "nonsense"})
    found = [family.name for family in read(shown.page(names=names))]
    assert found == ["loadgen_leader", "loadgen_request_duration_seconds"]
    assert gzip.decompress(shown.page(names=names, packed=True)) == shown.page(names=names)
    assert len(read(shown.page())) > 2


def test_scrapers_that_come_together_share_one_page(make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = Event(), Event()
    shown = Coordinator(make.cluster(make.busy_run()), monkeypatch)
    write = rendering.written

    def slowly(*args: object) -> object:
        begun.set()
        assert go_on.wait(10)
        return write(*args)

    monkeypatch.setattr(rendering, "written", slowly)
    with ThreadPoolExecutor(4) as scrapers:
        pages = [scrapers.submit(shown.page) for _ in range(4)]
        assert begun.wait(10)
        go_on.set()
        assert len({page.result(10) for page in pages}) == 1
    assert shown.written == 1
