"""A run as a JUnit file, so that a CI shows which condition did not hold, and by how much.

One suite; a case for the run itself, for each threshold, guard and broken rule, and for the generator's validity::

    run          ran to its end      error when it was stopped by hand or could not be carried out
    thresholds   p(95) < 800ms       failure with what was measured
    guards       unavailable for 5s  failure with when it tripped and the seconds before
    rules        cart_total          failure with the evidence; only those that the shop broke
    validity     generator           failure when INVALID; what makes it DEGRADED goes to system-out
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from loadgen.endings import Outcome, Validity
from loadgen.report.rules import rule_in_words, who_and_when
from loadgen.report.summary import GuardFigures, Summary
from loadgen.report.wording import clock

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(summary: Summary) -> str:
    """The XML text."""
    suite = ET.Element("testsuite", name=_clean(summary.name), time=f"{summary.duration_s:.3f}")
    if summary.started_at:
        suite.set("timestamp", summary.started_at)
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("run", summary.run),
        ("outcome", summary.outcome or ""),
        ("loadgen_version", summary.loadgen_version),
    ):
        ET.SubElement(properties, "property", name=name, value=_clean(value))
    _run(suite, summary)
    for threshold in summary.thresholds:
        case = _case(suite, "thresholds", threshold.text)
        if not threshold.ok:
            _mark(case, "failure", f"measured {threshold.measured}, wanted {threshold.text}")
    for guard in summary.guards:
        case = _case(suite, "guards", guard.text)
        if guard.tripped:
            _mark(case, "failure", f"tripped at {clock(guard.at_s or 0)}", _window(guard))
    for violation in summary.violations:
        evidence = "\n".join(f"{who_and_when(each)}: {each.text}" for each in violation.evidence)
        _mark(_case(suite, "rules", violation.rule), "failure", rule_in_words(violation), evidence)
    _validity(suite, summary)
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for kind in ("failure", "error"):
        suite.set(f"{kind}s", str(sum(case.find(kind) is not None for case in cases)))
    suite.set("skipped", "0")
    ET.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def _run(suite: ET.Element, summary: Summary) -> None:
    case = _case(suite, "run", "ran to its end")
    if summary.outcome in (Outcome.FAILED, Outcome.STOPPED):
        _mark(case, "error", summary.reason or summary.headline)
    ET.SubElement(case, "system-out").text = _clean("\n".join((summary.headline, *summary.story)))


def _validity(suite: ET.Element, summary: Summary) -> None:
    case = _case(suite, "validity", "generator")
    reasons = "\n".join(f"{reason.severity}: {reason.text}" for reason in summary.validity.reasons)
    if summary.validity.verdict is Validity.INVALID:
        _mark(case, "failure", "the generator could not do what the plan asked", reasons)
    elif reasons:
        ET.SubElement(case, "system-out").text = _clean(reasons)


def _case(suite: ET.Element, group: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=f"loadgen.{group}", name=_clean(name), time="0")


def _mark(case: ET.Element, kind: str, message: str, detail: str = "") -> None:
    ET.SubElement(case, kind, message=_clean(message), type=kind).text = _clean(detail or message)


def _window(guard: GuardFigures) -> str:
    first = (guard.at_s or 0) - len(guard.measured) + 1
    return "\n".join(f"{clock(first + offset)}  {figure}" for offset, figure in enumerate(guard.measured))


def _clean(text: str) -> str:
    """The text without the characters that XML cannot hold at all."""
    return _NOT_XML.sub("�", text)
