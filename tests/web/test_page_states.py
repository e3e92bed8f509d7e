"""The live page in a browser, in every state it can be in: the run is as a coordinator would have written it."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from cluster.harness import wait_until
from web.browsing import Surfing
from web.conftest import TOKEN, WrittenRun

from loadgen.errors import PlanError
from loadgen.latency import Histogram
from loadgen.messages import RunEvent, RunState
from loadgen.stats import FAILED, ErrorSample, Series, SeriesKey, StepCounts, Tally
from loadgen.web.routes import Starting

HOSTILE = """<img src=x onerror="document.body.dataset.struck=1"><script>document.body.dataset.struck=1</script>"""
WRONG = "a-token-of-somebody-else"


def failing(text: str, name: str = "/cart") -> Tally:
    """A second in which requests fail with a text, which stands in every name too."""
    step = text[:100]
    series = Series(Histogram.of([2000, 90_000]), reasons=Counter(status_5xx=2))
    sample = ErrorSample(0, "w1", "Browser", step, name, "GET", "status_5xx", text)
    return Tally(
        series={SeriesKey("Browser", step, name, "GET", FAILED): series},
        steps={("Browser", step): StepCounts(entered=2)},
        samples=[sample],
        sent=2,
    )


@pytest.mark.usefixtures("bus")
def test_with_no_run_the_page_says_how_one_begins(serve, surfing: Surfing):
    surfing.go(f"{serve().url}#token={TOKEN}")

    surfing.page.get_by_text("There is no run yet").wait_for()

    surfing.page.get_by_role("button", name="Emergency stop").wait_for()
    surfing.assert_for_everyone("no-run")
    assert surfing.wrong == []


def test_errors_are_told_by_reason_with_samples_that_stay_open(serve, surfing: Surfing, written: WrittenRun):
    written.seal(2, failing("the till is closed"))
    surfing.go(serve().url)
    told = surfing.page.locator("#errors details", has_text="status_5xx at GET /cart")

    told.locator("summary").click()
    told.get_by_text("w1: the till is closed").first.wait_for()
    before = told.locator("summary").inner_text()
    written.seal(1, failing("the till is closed"))
    wait_until(lambda: told.locator("summary").inner_text() != before, "the number grows")

    assert told.get_by_text("w1: the till is closed").first.is_visible()
    assert told.locator("summary").evaluate("summary => summary === document.activeElement")
    surfing.assert_for_everyone("errors")
    assert surfing.wrong == []


def test_what_a_shop_or_a_journey_says_is_never_markup(serve, surfing: Surfing, written: WrittenRun):
    written.seal(2, failing(HOSTILE, HOSTILE), worker=HOSTILE)
    events = [RunEvent(at_s=1.0, kind=HOSTILE, text=HOSTILE)]
    written.record(RunState.RUNNING, name=HOSTILE, detail=HOSTILE, events=events)

    def refuse(_text: str, _folder: str) -> str:
        raise PlanError(HOSTILE, hint=HOSTILE)

    surfing.go(f"{serve(starting=Starting(refuse, refuse)).url}#token={TOKEN}")
    page = surfing.page
    page.locator("#steps tbody tr").first.wait_for()
    page.locator("#errors summary").first.click()
    page.get_by_label("The plan", exact=True).fill(HOSTILE)
    page.get_by_role("button", name="Check").click()
    page.locator("#plan-said", has_text="onerror").wait_for()

    for place in ("#run-name", "#detail", "#steps", "#errors", "#events", "#runs", "#plan-said"):
        assert "<img src=x" in page.locator(place).inner_text(), place
    assert page.locator("img, main script").count() == 0
    assert page.evaluate("document.body.dataset.struck ?? null") is None
    assert surfing.wrong == []


def test_where_the_token_is_needed_for_everything_a_form_asks_for_it(serve, surfing: Surfing, written: WrittenRun):
    written.seal(3)
    page = surfing.page
    surfing.go(f"http://127.0.0.1:{serve('0.0.0.0').port}/")
    page.get_by_text("Looking, starting and stopping here need the token.").wait_for()
    assert page.get_by_role("textbox", name="Token").evaluate("field => field === document.activeElement")
    surfing.assert_for_everyone("token-form")
    assert not page.locator("#run").is_visible()

    for wrong in (WRONG, "größe – “so”"):
        page.get_by_role("textbox", name="Token").fill(wrong)
        page.get_by_role("button", name="Use it").click()
        page.locator("#token-said", has_text="That is not this server's token.").wait_for()
        page.get_by_role("textbox", name="Token").fill("")
        page.locator("#token-said").evaluate("said => { said.textContent = ''; }")  # the second is said anew
    page.get_by_role("textbox", name="Token").fill(TOKEN)
    page.keyboard.press("Enter")
    page.locator("#state", has_text="running").wait_for()

    assert not page.locator("#token-form").is_visible()
    assert page.locator("#token").input_value() == ""
    page.reload()
    page.locator("#state", has_text="running").wait_for()
    assert not [address for address in (*surfing.asked, page.url) if TOKEN in address or WRONG in address]
    assert surfing.wrong == []


def test_a_token_in_the_address_leaves_it_at_once(serve, surfing: Surfing, written: WrittenRun, capfd):
    written.seal(1)
    server, page = serve("0.0.0.0"), surfing.page
    surfing.go(f"http://127.0.0.1:{server.port}/#token={TOKEN}&run={written.run}")
    page.locator("#state", has_text="running").wait_for()

    assert TOKEN not in page.url
    page.goto("about:blank")
    page.go_back()
    page.locator("#state", has_text="running").wait_for()
    assert TOKEN not in page.url
    assert not [address for address in surfing.asked if TOKEN in address]
    assert TOKEN not in "".join(capfd.readouterr())


def test_on_loopback_one_looks_without_the_token_and_may_give_it(serve, surfing: Surfing, written: WrittenRun):
    written.seal(2)
    page = surfing.page
    surfing.go(serve().url)
    page.locator("#state", has_text="running").wait_for()
    assert page.get_by_role("button", name="Stop", exact=True).is_disabled()
    assert not page.get_by_role("button", name="Emergency stop").is_visible()

    page.get_by_role("link", name="Token").click()
    page.get_by_role("textbox", name="Token").fill(TOKEN)
    page.keyboard.press("Enter")

    page.get_by_role("button", name="Emergency stop").wait_for()
    assert page.get_by_role("button", name="Stop", exact=True).is_enabled()
    assert not page.get_by_role("link", name="Token").is_visible()
    assert surfing.wrong == []


def test_a_reload_in_mid_run_shows_what_was_before(serve, surfing: Surfing, written: WrittenRun):
    written.seal(12)
    page = surfing.page
    surfing.go(serve().url)

    def far() -> str:
        return page.locator("#clock").inner_text()

    wait_until(lambda: far() == "0:12 of 0:30", "the run is shown as far as it is")
    drawn = page.locator("#rate-chart path.s-requests").first.get_attribute("d")
    page.reload()
    page.locator("#state", has_text="running").wait_for()

    assert page.locator("#rate-chart path.s-requests").first.get_attribute("d") == drawn
    written.seal(3)
    wait_until(lambda: far() == "0:15 of 0:30", "it goes on")
    assert surfing.wrong == []


def test_a_chart_tells_what_its_lines_say_below_the_pointer(serve, surfing: Surfing, written: WrittenRun):
    written.seal(12, failing("closed"))
    page = surfing.page
    surfing.go(serve().url)
    page.get_by_text("0:12 of 0:30").wait_for()

    key = page.locator("#rate-chart .key")
    page.locator("#rate-chart svg.chart").hover(position={"x": 150, "y": 60})
    key.get_by_text("requests: 2").wait_for()
    key.get_by_text("failures: 2").wait_for()
    written.seal(1, failing("closed"))
    page.get_by_text("0:13 of 0:30").wait_for()
    assert "requests: 2" in key.inner_text(), "it goes on telling when the chart is drawn anew"

    page.mouse.move(0, 0)
    key.get_by_text("requests: 2").wait_for(state="detached")
    assert surfing.wrong == []


@pytest.mark.parametrize("token", [TOKEN, "the-token-of-another-start"])
def test_a_server_that_is_away_is_missed_and_found_again(serve, surfing: Surfing, written: WrittenRun, token):
    written.seal(5)
    server, page = serve(), surfing.page
    surfing.go(f"{server.url}#token={TOKEN}")
    page.get_by_text("0:05 of 0:30").wait_for()

    server.stop()
    page.get_by_text("The connection is lost; trying again.").wait_for()
    assert page.locator("#run").is_visible()
    if token == TOKEN:
        surfing.assert_for_everyone("lost")
    written.seal(4)
    again = serve(port=server.port, token=token)

    page.get_by_text("0:09 of 0:30").wait_for()
    page.get_by_text("The connection is lost").wait_for(state="hidden")
    if token == TOKEN:
        assert page.get_by_role("button", name="Stop", exact=True).is_enabled()
    else:
        page.get_by_role("link", name="Token").click()
        page.get_by_text("The token that this tab had is not this server's").wait_for()
        assert page.get_by_role("button", name="Stop", exact=True).is_disabled()
    assert again.port == server.port
    assert [text for text in surfing.wrong if "ERR_CONNECTION_REFUSED" not in text] == []


def test_a_page_of_another_coordinator_goes_on_where_this_one_ended(serve, surfing: Surfing, written: WrittenRun):
    written.seal(5)
    first, second = serve(), serve()
    surfing.go(f"{first.url}#token={TOKEN}&run={written.run}")
    surfing.page.get_by_text("0:05 of 0:30").wait_for()
    place = surfing.page.url
    first.stop()

    surfing.go(f"{place.replace(str(first.port), str(second.port))}&token={TOKEN}")

    surfing.page.get_by_text("0:05 of 0:30").wait_for()
    assert surfing.page.get_by_role("button", name="Stop", exact=True).is_enabled()


def test_everything_is_reached_with_the_keyboard(serve, surfing: Surfing, written: WrittenRun):
    written.seal(2, failing("closed"))
    surfing.go(f"{serve(starting=Starting(str, str)).url}#token={TOKEN}")
    page = surfing.page
    page.locator("#errors summary").first.wait_for()
    page.get_by_role("button", name="Emergency stop").wait_for()

    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(document.activeElement.id || document.activeElement.textContent).trim()"))

    wanted = {
        "Skip to the run",
        "to-runs",
        "emergency",
        "report",
        "stop",
        "stop-now",
        "steps",
        "workers",
        "plan",
        "check",
    }
    assert wanted <= set(reached), reached
    page.locator("#emergency").focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("button", name="No", exact=True).evaluate("button => button === document.activeElement")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "emergency"


def test_live_regions_speak_of_changes_of_state_alone(serve, surfing: Surfing, written: WrittenRun):
    written.seal(3)
    page = surfing.page
    surfing.go(serve().url)
    page.get_by_text("0:03 of 0:30").wait_for()
    page.evaluate(
        """() => { window.spoken = []; for (const region of document.querySelectorAll("[role=status], [aria-live]"))
        new MutationObserver(() => spoken.push(region.textContent)).observe(
            region, { childList: true, subtree: true, characterData: true }); }"""
    )

    for _ in range(3):
        written.seal(1)
        wait_until(lambda: f"0:0{written.sealed} of" in page.locator("#clock").inner_text(), "it goes on")
    assert page.evaluate("spoken") == []
    written.record(RunState.FINISHED)
    page.locator("#state", has_text="finished").wait_for()

    assert page.evaluate("spoken") == ["finished"]


def test_a_thousand_series_are_on_the_page_within_three_seconds(serve, surfing: Surfing, written: WrittenRun):
    times = Histogram.of(range(1000, 60_000, 1500))
    keys = [SeriesKey("Browser", f"step-{n}", f"/page-{n}", "GET", "ok") for n in range(1000)]
    tally = Tally(
        series={key: Series(times, times) for key in keys},
        steps={("Browser", key.step): StepCounts(entered=1) for key in keys},
    )
    written.seal(2, tally)
    page = surfing.page
    surfing.go(serve().url)
    page.get_by_text("0:02 of 0:30").wait_for()
    assert page.locator("#steps tbody tr").count() == len(keys)

    took_s = []
    for _ in range(3):
        began_at_s = time.monotonic()
        written.seal(1, tally)
        page.locator("#clock", has_text=f"0:0{written.sealed} of").wait_for()
        took_s.append(time.monotonic() - began_at_s)

    assert page.evaluate("document.querySelector('#steps').clientHeight < 800")
    assert min(took_s) < 3, took_s
    assert surfing.wrong == []
