import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from loadgen.plan.model import Plan
from loadgen.report import Summary, write_file
from loadgen.report.charts import charts
from loadgen.report.html import render_html
from loadgen.report.spans import MAX_POINTS
from loadgen.report.summary import Span

VOID = {"meta", "br", "img", "input", "hr", "link"}


class Page(HTMLParser):
    """The page as elements, with a check that they close in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        # The charting library is 4.8 MB of one script; nothing in it is ours to check.
        self.feed(re.sub(r"<script>/\*\*\n\* plotly\.js.*?</script>", "", html, count=1, flags=re.DOTALL))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.text))


@pytest.fixture(scope="module")
def html(summary: Summary) -> str:
    return render_html(summary)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def chart_data(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="chart-data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_a_report_is_one_file_that_can_be_looked_at(summary: Summary, tmp_path: Path) -> None:
    write_file(tmp_path / "report.html", render_html(summary))
    assert 4_000_000 < (tmp_path / "report.html").stat().st_size < 6_000_000


def test_the_page_asks_nobody_for_anything(page: Page) -> None:
    assert page.all("link") == []
    assert page.all("img") == []
    assert page.all("script")
    assert all("src" not in script for script in page.all("script"))
    assert page.all("a")
    assert all((link["href"] or "").startswith("#") for link in page.all("a"))
    policy = next(meta for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert (policy["content"] or "").startswith("default-src 'none';")
    assert "connect-src" not in (policy["content"] or "")


def test_the_first_screen_is_for_a_merchant(page: Page) -> None:
    assert "The shop did not meet its targets" in page.words
    assert "The shop welcomed up to 2,250 visitors per minute" in page.words
    assert "95% of requests take less than 800ms" in page.words


def test_what_a_stranger_wrote_is_text(html: str, page: Page) -> None:
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in html
    assert 'got <script>alert("x")</script>' in page.words
    assert "joined <& took its share>" in page.words


def test_data_cannot_end_its_script(summary: Summary) -> None:
    bad = "</script><script>alert(1)</script>\u2028<!--"
    seconds = tuple(span.model_copy(update={"reasons": {bad: span.failures}}) for span in summary.seconds)
    errors = tuple(error.model_copy(update={"reason": bad}) for error in summary.errors)
    hostile = summary.model_copy(update={"charted": seconds, "seconds": seconds, "errors": errors})
    html = render_html(hostile)
    assert "<script>alert(1)" not in html
    assert any(trace["name"] == bad for trace in chart_data(html)["failures"]["data"])
    Page(html)


def test_every_table_has_a_caption_and_scoped_headings(page: Page) -> None:
    assert len(page.all("table")) == len(page.all("caption")) >= 7
    assert {heading.get("scope") for heading in page.all("th")} == {"col", "row"}


def test_every_chart_says_in_words_what_it_shows(page: Page) -> None:
    plots = [element for element in page.all("div") if (element.get("id") or "").startswith("chart-")]
    assert len(plots) == 6
    assert all(plot["role"] == "img" and plot["aria-label"] for plot in plots)
    assert len(page.all("figcaption")) == 6


def test_headings_make_an_outline(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_ids_are_unique_and_links_lead_somewhere(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all((link["href"] or "")[1:] in ids for link in page.all("a"))
    labels = [attributes["aria-labelledby"] for _, attributes in page.elements if "aria-labelledby" in attributes]
    assert labels
    assert set(labels) <= set(ids)


def test_secrets_stay_references(page: Page) -> None:
    assert "Bearer ${env:SHOP_TOKEN}" in page.words


def test_a_guard_shows_the_seconds_that_led_to_it(stopped_by_guard: Summary) -> None:
    page = Page(render_html(stopped_by_guard))
    assert "The seconds that led to it: error_rate > 10% for 4s: stop" in page.words
    assert all(measured in page.words for measured in stopped_by_guard.guards[0].measured)
    assert "Degraded." in page.words
    assert "2 s of workers were never reported (node-2/0 40–42 s)" in page.words


def test_the_slowest_requests_have_their_trace_ids_to_be_copied(page: Page, summary: Summary) -> None:
    ids = [slow.trace_id for slow in summary.slowest if slow.trace_id]
    assert len(ids) == 20
    assert all(trace_id in page.words for trace_id in ids)
    assert sum("trace" in (code.get("class") or "") for code in page.all("code")) == 20


def test_without_tracing_there_is_no_column_for_it(summary: Summary, untraced: Summary) -> None:
    page = Page(render_html(untraced))
    assert "Slowest requests, by name and outcome" in page.words
    assert "Trace id" not in page.words
    one = summary.slowest[:1] + untraced.slowest[1:]
    mixed = Page(render_html(summary.model_copy(update={"slowest": one})))
    assert sum("trace" in (code.get("class") or "") for code in mixed.all("code")) == 1


def test_a_run_that_never_started_has_a_page_without_empty_sections(never_started: Summary) -> None:
    page = Page(render_html(never_started))
    assert "no worker came within 60 s" in page.words
    assert page.all("figure") == []
    assert "Over time" not in page.words


def test_charts_show_what_was_measured(html: str, summary: Summary) -> None:
    data = chart_data(html)
    planned, started, shoppers, _ = data["load"]["data"]
    assert [planned["name"], started["name"], shoppers["name"]] == ["planned", "started", "shoppers"]
    assert started["y"] == [second.started for second in summary.seconds]
    assert sum(sum(trace["y"]) for trace in data["failures"]["data"][:-1]) == summary.totals.failures


def test_coloured_seconds_are_shaded_and_explained(html: str, page: Page, summary: Summary) -> None:
    for chart, figure in chart_data(html).items():
        shaded = [shape for shape in figure["layout"]["shapes"] if shape["name"] == "coloured"]
        keys = [trace["name"] for trace in figure["data"] if trace["meta"]["role"] == "coloured"]
        assert (len(shaded), keys) == ((0, []) if chart == "against" else (2, ["coloured by the generator"]))
    said = f"Shaded: 3 of {len(summary.seconds)} seconds in which a worker was late to take answers"
    assert page.words.count(said) == 2


def test_a_run_without_coloured_seconds_says_nothing_of_them(summary: Summary) -> None:
    clear = tuple(second.model_copy(update={"coloured_seconds": 0}) for second in summary.seconds)
    html = render_html(summary.model_copy(update={"seconds": clear, "charted": clear}))
    assert "coloured by the generator" not in html
    assert "Shaded:" not in html


def test_colours_are_the_style_sheets_business(html: str) -> None:
    roles = {trace["meta"]["role"] for figure in chart_data(html).values() for trace in figure["data"]}
    roles |= {shape["name"] for figure in chart_data(html).values() for shape in figure["layout"]["shapes"]}
    light, dark = re.findall(r":root \{(.*?)\n *\}", html, re.DOTALL)
    assert roles > {"coloured"}
    for role in roles:
        assert f"--{role}:" in light
        assert f"--{role}:" in dark


def test_a_long_runs_charts_have_no_more_points_than_a_screen_shows(summary: Summary, plan: Plan) -> None:
    def stretched(spans: tuple[Span, ...], count: int) -> tuple[Span, ...]:
        return tuple(spans[index % 100].model_copy(update={"second": index}) for index in range(count))

    long = summary.model_copy(update={"charted": stretched(summary.seconds, MAX_POINTS)})
    points = [len(trace["x"]) for chart in charts(long, plan) for trace in chart.figure["data"]]
    assert max(points) == MAX_POINTS


def test_a_trickle_of_requests_is_drawn_by_windows(summary: Summary, plan: Plan) -> None:
    quiet = tuple(second.model_copy(update={"requests": 2}) for second in summary.charted)
    latency = next(c for c in charts(summary.model_copy(update={"charted": quiet}), plan) if c.id == "latency")
    assert len(latency.figure["data"][0]["x"]) == len(summary.windows)
