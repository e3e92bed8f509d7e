"""What the page's server does for each request.

====  ============================  ===========================================================
GET   ``/``, ``/static/…``          the page and its files
GET   ``/-/healthy``                whether the server lives
GET   ``/api/session``              what this viewer may do; everyone is told
GET   ``/api/cluster``              leader, workers, runs
GET   ``/api/runs/RUN/events``      server-sent events; ``Last-Event-ID`` resumes
GET   ``/runs/RUN/report.html``     the report; ``?key=…`` away from loopback
GET   ``/api/plans``                the plans that may be started; ``?file=…``: what one says
POST  ``/api/check``                ``{"plan": text, "folder": path}``: what is wrong with it
POST  ``/api/start``                the same: the run's id
POST  ``/api/runs/RUN/stop``        ``{"now": bool}``
POST  ``/api/stop``                 every run, at once: the emergency stop
====  ============================  ===========================================================
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

from loadgen.bus import Bus, ClusterBus, RunBus
from loadgen.errors import LoadgenError
from loadgen.messages import ControlMessage, StopMode
from loadgen.web.access import Access
from loadgen.web.answers import REPORT_POLICY, Answer, failed, refused, said, static_files
from loadgen.web.cluster import Overview, Reports
from loadgen.web.plans import PlansBelow
from loadgen.web.watching import Watches

_RUN: Final = re.compile(r"[A-Za-z0-9._-]{1,200}")
"""What a run's id looks like; anything else is no run."""

_OF_RUN: Final = re.compile(r"/(?:api/runs/([^/]+)/(events|stop)|runs/([^/]+)/(report\.html))")

REASON: Final = "asked for on the live page"


@dataclass(frozen=True)
class Starting:
    """How plans become runs; the command line gives it.

    Attributes:
        check: reads a plan's text as if it lay in a folder, and says in a line what it is.
        start: puts it into the queue, and gives the run's id.
        plans: those that lie ready.
    """

    check: Callable[[str, str], str]
    start: Callable[[str, str], str]
    plans: PlansBelow | None = None


@dataclass(frozen=True)
class Asked:
    """A request, read.

    Attributes:
        method: GET or POST.
        path: with the query.
        headers: by name in lower case.
        body: of a POST.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Stream:
    """The answer is the events of a run.

    Attributes:
        run: its id.
        second: the latest second that the viewer has; -1 for none.
    """

    run: str
    second: int


class Routes:
    """Answers requests.

    Args:
        connect: opens a connection to Redis.
        access: who may do what.
        starting: how plans are started; None where none may be.
    """

    def __init__(self, connect: Callable[[], Bus], access: Access, starting: Starting | None) -> None:
        self._bus, self._access, self._starting = connect(), access, starting
        self._overview, self._reports = Overview(self._bus), Reports(connect)
        self._files = static_files()
        self.watches = Watches(connect)

    def answer(self, asked: Asked) -> Answer | Stream:
        """What a request gets. Nothing is raised that a viewer can cause."""
        refusal = self.refusal(asked)
        if refusal is not None:
            return refusal
        try:
            return self._get(asked) if asked.method == "GET" else self._post(asked)
        except LoadgenError as error:
            return failed(error)

    def refusal(self, asked: Asked) -> Answer | None:
        """Why a request is not answered; known before its body is read."""
        told = asked.headers
        host = told.get("host", "")
        if not self._access.knows_host(host):
            return refused(421, "this server has another name", "use the address that loadgen printed")
        wanted = self._access.was_wanted(told.get("sec-fetch-site", ""), told.get("sec-fetch-mode", ""))
        if not wanted or not self._access.knows_origin(told.get("origin", ""), host):
            return refused(403, "another site's page may ask nothing here")
        return _no_token() if asked.method == "POST" and not self._has_token(asked) else None

    # -- reading

    def _get(self, asked: Asked) -> Answer | Stream:
        parts = urlsplit(asked.path)
        if parts.path in self._files:
            return self._files[parts.path]
        if parts.path == "/-/healthy":
            return Answer(200, b"ok\n", "text/plain; charset=utf-8")
        if parts.path == "/api/session":
            starts = self._starting is not None
            return said({"looks": self._may_read(asked), "changes": self._has_token(asked), "starts": starts})
        run, what = _run_of(parts.path)
        query = parse_qs(parts.query)
        key = query.get("key", [""])[0]
        if not (self._may_read(asked) or (what == "report.html" and self._access.opens_report(run, key))):
            return _no_token()
        if parts.path == "/api/plans":
            return self._plans(query.get("file", [""])[0]) if self._has_token(asked) else _no_token()
        if parts.path == "/api/cluster":
            found = self._overview.read()
            return said(found | {"runs": [each | {"report": self._report(each["run"])} for each in found["runs"]]})
        if what == "events":
            return Stream(run, _second_of(asked.headers.get("last-event-id", "")))
        if what == "report.html":
            return Answer(200, self._reports.html(run), "text/html; charset=utf-8", policy=REPORT_POLICY)
        return refused(404, "there is nothing here")

    def _plans(self, name: str) -> Answer:
        plans = self._starting.plans if self._starting is not None else None
        if plans is None:
            return said({"plans": []})
        return said(plans.read(name) if name else {"plans": plans.names()})

    def _report(self, run: str) -> str:
        path = f"/runs/{quote(run, safe='')}/report.html"
        return path if self._access.reads_freely else f"{path}?key={self._access.report_key(run)}"

    # -- changing

    def _post(self, asked: Asked) -> Answer:
        wanted = _json_of(asked)
        if wanted is None:
            return refused(400, "expected a JSON object", "Content-Type: application/json")
        run, what = _run_of(asked.path)
        if what == "stop":
            RunBus(self._bus, run).spec()
            return self._stop(run, now=wanted.get("now") is True)
        if asked.path == "/api/stop":
            return self._stop("*", now=True)
        if asked.path in ("/api/check", "/api/start"):
            return self._of_plan(asked.path, wanted.get("plan"), wanted.get("folder", ""))
        return refused(404, "there is nothing here")

    def _stop(self, run: str, *, now: bool) -> Answer:
        mode = StopMode.NOW if now else StopMode.GRACEFUL
        ClusterBus(self._bus).say(ControlMessage(kind="stop", run=run, mode=mode, reason=REASON))
        return said({"stopping": run, "mode": mode.value}, 202)

    def _of_plan(self, path: str, text: Any, folder: Any) -> Answer:
        if self._starting is None:
            return refused(403, "this page starts no runs", "loadgen coordinator --web can")
        if not isinstance(text, str) or not isinstance(folder, str) or not text.strip():
            return refused(422, "there is no plan")
        if path == "/api/check":
            return self._check(self._starting, text, folder)
        return said({"run": self._starting.start(text, folder)}, 201)

    @staticmethod
    def _check(starting: Starting, text: str, folder: str) -> Answer:
        """What is wrong with a plan is the answer here, and no error."""
        try:
            return said({"ok": True, "said": starting.check(text, folder)})
        except LoadgenError as error:
            return said({"ok": False, "said": "\n".join(filter(None, (error.message, error.hint)))})

    # -- access

    def _has_token(self, asked: Asked) -> bool:
        return self._access.has_token(asked.headers.get("authorization", ""))

    def _may_read(self, asked: Asked) -> bool:
        return self._access.reads_freely or self._has_token(asked)


def _no_token() -> Answer:
    return refused(
        401, "this needs the token", "loadgen printed it with the page's address", **{"WWW-Authenticate": "Bearer"}
    )


def _run_of(path: str) -> tuple[str, str]:
    """The run that a path names, and what of it; both empty where it names none."""
    match = _OF_RUN.fullmatch(path)
    if match is None:
        return "", ""
    run, what = unquote(match[1] or match[3]), match[2] or match[4]
    return (run, what) if _RUN.fullmatch(run) else ("", "")


def _second_of(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _json_of(asked: Asked) -> dict[str, Any] | None:
    if asked.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return None
    try:
        found = json.loads(asked.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
