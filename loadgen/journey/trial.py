"""Run one shopper once and tell what it does, request by request: ``loadgen journey try``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import gevent

from loadgen.data import open_rows
from loadgen.data.cache import RowCache
from loadgen.errors import JourneyError
from loadgen.journey import chatter
from loadgen.journey.arguments import parsed_options
from loadgen.journey.dialect import Dialect
from loadgen.journey.environment import JourneyEnvironment, PlanContext
from loadgen.journey.limits import limits_of
from loadgen.journey.load import dialect_of, find_user, load_dialect, load_users
from loadgen.journey.mistakes import short_traceback
from loadgen.journey.reasons import reason_of
from loadgen.journey.recorder import JourneyHow, Recorder
from loadgen.journey.session import Session, session_of
from loadgen.journey.sources import Source
from loadgen.journey.wire import install, listen
from loadgen.plan.read import LoadedPlan
from loadgen.plan.secrets import resolve_target
from loadgen.plan.target import Target
from loadgen.stats import StepCounts, Tally, template_of
from loadgen.units import format_bytes, format_duration

Say = Callable[[str], None]

HEADING: Final = f"{'at':>9}  {'method':<7}{'status':>6}{'ms':>9}{'size':>11}  {'step':<16}name"


@dataclass(frozen=True, slots=True)
class Trial:
    """How one shopper's journey went.

    Attributes:
        how: completed, failed or interrupted.
        tally: all that was counted.
        took_s: seconds from its start to its end.
    """

    how: JourneyHow
    tally: Tally
    took_s: float


def try_journey(
    file: Path,
    user: str | None,
    host: str | None,
    think_scale: float,
    tasks: int,
    say: Say,
    plan: LoadedPlan | None = None,
    dialect: str | None = None,
) -> Trial:
    """Run one shopper of a journey file once.

    Args:
        file: the journey file.
        user: name of its user class; None takes the only one.
        host: base URL of the shop; None takes the plan's, or the class's own.
        think_scale: factor on a ``Shopper``'s think times; 0 switches them off.
        tasks: random tasks that make a journey, for users that are no ``Shopper``.
        say: takes each line as it happens.
        plan: whose target, dialect and data are the journey's.
        dialect: a dialect's file, or ``file.py:ClassName``; None takes the plan's, else the class's own.

    Returns:
        How it went.

    Raises:
        JourneyError: the file does not import, has no such user, or the journey raised an error.
    """
    spoken = _dialect_of(plan, dialect)
    target = resolve_target(plan.plan.target, os.environ) if plan else None
    if host is None and target is not None:
        host = target.base_url
    user_class = find_user(load_users(file.parent, [file.name])[file.name], user)
    install()
    chatter.silence()
    context = _context(plan, target) if plan and target else PlanContext()
    context = replace(context, think_scale=think_scale, dialect=spoken)
    options = parsed_options(plan.plan.options if plan else {})
    environment = JourneyEnvironment(
        context, user_classes=[user_class], host=host, locustfile=file.name, parsed_options=options
    )
    recorder = Recorder("try")
    session = Session(recorder, user_class.__name__)
    events: Any = environment.events
    start_s = perf_counter()
    tell = _teller(start_s, say)
    unlisten = listen(environment, recorder)
    events.request.add_listener(tell)
    say(HEADING)
    try:
        events.init.fire(environment=environment, runner=None, web_ui=None)
        events.test_start.fire(environment=environment)
        how: JourneyHow = gevent.spawn(session.run, environment.new_user(user_class), tasks).get()
        events.test_stop.fire(environment=environment)
    finally:
        events.request.remove_listener(tell)
        unlisten()
    trial = Trial(how, recorder.take(0), perf_counter() - start_s)
    if session.error is not None:
        say("")
        raise JourneyError(
            f"{user_class.__name__} failed\n{short_traceback(session.error, file.parent.resolve())}",
            hint="the lines above are the requests before it",
        ) from session.error
    return trial


def _context(plan: LoadedPlan, target: Target) -> PlanContext:
    """What the plan would give to its journeys, but for patience: whoever tries a journey wants to see its end."""
    return PlanContext(
        seed=plan.plan.seed,
        data=_data_of(plan),
        headers=target.headers_in("try"),
        insecure_tls=target.insecure_tls,
        http=target.http,
        trace=target.trace,
        devices=plan.plan.devices,
        limits=limits_of(plan.plan.commerce),
    )


def _dialect_of(loaded: LoadedPlan | None, named: str | None) -> type[Dialect] | None:
    if named is not None:
        return load_dialect(Path(named).parent, Path(named).name)
    return dialect_of(loaded) if loaded is not None else None


def _data_of(loaded: LoadedPlan) -> dict[str, Source]:
    """The data of a plan as far as it lies on this machine."""
    sources = [source for source in loaded.plan.data if source.name in loaded.data_files or source.generate]
    if not sources:
        return {}
    seed, cache = loaded.plan.seed, RowCache()
    return {
        source.name: Source(source, open_rows(source, loaded.data_files.get(source.name), seed, cache), seed)
        for source in sources
    }


def summary(trial: Trial) -> Iterator[str]:
    """The funnel and the totals, in lines."""
    tally = trial.tally
    if tally.steps:
        yield f"{'step':<20}{'entered':>9}{'completed':>11}{'abandoned':>11}{'time':>10}"
        for (_, step), counts in tally.steps.items():
            yield _step_line(step, counts)
        yield ""
    for (_, name), amount in tally.counters.items():
        yield f"{name}: {amount}"
    failed = f", {tally.failures} failed" if tally.failures else ""
    yield (
        f"{trial.how}: {tally.requests} requests{failed}, {format_bytes(tally.response_bytes)}, "
        f"in {format_duration(trial.took_s)}"
    )


def _step_line(step: str, counts: StepCounts) -> str:
    why = " ".join(f"({reason})" for reason in counts.abandoned)
    time = format_duration(counts.time.mean_us / 1e6) if counts.completed else "–"
    return f"{step:<20}{counts.entered:>9}{counts.completed:>11}{counts.abandoned.total():>11}{time:>10} {why}".rstrip()


def _teller(start_s: float, say: Say) -> Callable[..., None]:
    """A listener that tells each request as it ends; times count from ``start_s``."""

    def tell(
        request_type: str,
        name: str,
        response_time: float | None,
        response_length: int | None,
        exception: BaseException | None = None,
        response: Any = None,
        **_: Any,
    ) -> None:
        session = session_of()
        took_ms = response_time or 0
        at_s = perf_counter() - start_s - took_ms / 1000
        status = getattr(response, "status_code", 0) or "–"
        step = session.step if session else ""
        why = f"  {reason_of(exception, response)}: {exception}" if exception else ""
        size = format_bytes(response_length or 0)
        say(
            f"{max(at_s, 0):>8.3f}s  {request_type:<7}{status:>6}{took_ms:>9.1f}{size:>11}"
            f"  {step:<16}{template_of(name)}{why}"
        )

    return tell
