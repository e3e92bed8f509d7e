from collections.abc import Callable
from xml.etree import ElementTree as ET

from loadgen.report import Summary, render_junit


def parsed(summary: Summary) -> ET.Element:
    return ET.fromstring(render_junit(summary))  # noqa: S314 -- our own text


def cases(suite: ET.Element) -> dict[str, str]:
    return {
        case.get("name", ""): next((kind for kind in ("failure", "error") if case.find(kind) is not None), "ok")
        for case in suite.findall("testcase")
    }


def test_every_condition_is_a_case(summary: Summary, same_as_golden: Callable[[str, str], None]) -> None:
    same_as_golden("junit.xml", render_junit(summary))


def test_a_run_stopped_by_a_guard_shows_the_seconds_before(
    stopped_by_guard: Summary, same_as_golden: Callable[[str, str], None]
) -> None:
    same_as_golden("junit_guard.xml", render_junit(stopped_by_guard))


def test_counts_say_how_many_cases_failed(summary: Summary) -> None:
    suite = parsed(summary)
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["8", "3", "0", "0"]
    assert list(cases(suite).values()).count("failure") == 3


def test_a_run_that_never_started_is_an_error(never_started: Summary) -> None:
    suite = parsed(never_started)
    assert cases(suite)["ran to its end"] == "error"
    assert suite.get("errors") == "1"


def test_characters_that_xml_cannot_hold_are_replaced(never_started: Summary) -> None:
    hostile = never_started.model_copy(update={"reason": "\x00\x1b ]]> <b> & \ud800"})
    error = parsed(hostile).find("testcase/error")
    assert error is not None
    assert error.get("message") == "�� ]]> <b> & �"
