"""``loadgen run locustfile.py`` with Locust's own command line.

Which words are Locust's is decided here; Locust's own parser reads them, in a process of its own::

    loadgen run shop.py -u 100 -r 10 -t 5m -H URL --tenant blue Visitor --redis URL --html report.html
                ╰──────────────── Locust's ─────────────────────────╯  ╰── ours ──╯ ╰─── both: ours ──╯
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import click

from loadgen.children import module_command
from loadgen.errors import JourneyError, LoadgenError, PlanError, UsageError
from loadgen.plan.locustfile import LocustRun, LocustUser, plan_for_locustfile
from loadgen.plan.nearest import did_you_mean
from loadgen.plan.read import LoadedPlan, journey_files
from loadgen.plan.source import near_file

TIMEOUT_S: Final = 120
"""Importing Locust takes a second or two; a shape that is asked for a whole day some seconds more."""

OURS: Final = {"--redis", "--workers", "--metrics-port", "--knee", "--junit"}
"""Options of ``loadgen run`` with a value, that Locust has not."""

FLAGS: Final = {"--demo-shop", "--help", "-h", "--no-web", "--web"}
"""The same without a value."""

_NAMED: Final = ("-f", "--locustfile")
_MEND: Final = "mend the file and try again; loadgen journey try FILE runs one shopper of it"


@dataclass(frozen=True, slots=True)
class Words:
    """A command line, by whose its words are.

    Attributes:
        ours: for ``loadgen run`` itself.
        locust: for Locust's parser.
        json_file: where the summary goes that loadgen writes; Locust's ``--json`` has no value.
    """

    ours: tuple[str, ...] = ()
    locust: tuple[str, ...] = ()
    json_file: Path | None = None


@dataclass(frozen=True, slots=True)
class LocustWanted:
    """What a locustfile's command line asks of ``loadgen run``.

    Attributes:
        plan: the plan made of it.
        files: its locustfiles.
        root: the folder that holds all of them.
        options: Locust's options by name.
        reacts: whether its shape looks at figures of the run.
    """

    plan: LoadedPlan
    files: tuple[Path, ...]
    root: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    reacts: bool = False

    @property
    def workers(self) -> int | None:
        """How many worker processes ``--processes`` or ``--expect-workers`` asks for; None when they do not."""
        processes, expected = self.options.get("processes") or 0, self.options.get("expect_workers") or 1
        wanted = max(processes, expected if expected > 1 else 0)  # 1 is what Locust has without being told
        return int(wanted) if wanted > 0 else None

    @property
    def html_file(self) -> Path | None:
        """Where the report goes, with ``{u}``, ``{r}`` and ``{t}`` filled in."""
        named = self.options.get("html_file")
        if not named:
            return None
        parts = {"u": "num_users", "r": "spawn_rate", "t": "run_time"}
        for letter, option in parts.items():
            named = str(named).replace(f"{{{letter}}}", str(self.options.get(option)))
        return Path(str(named))

    @property
    def csv_file(self) -> Path | None:
        """Where loadgen's table of seconds goes; a name without an ending is a prefix of Locust's own tables."""
        prefix = self.options.get("csv_prefix")
        return Path(prefix) if prefix and str(prefix).endswith(".csv") else None


def split(words: Sequence[str]) -> Words | None:
    """Tell Locust's words from ours; None where no locustfile is named.

    A locustfile is what follows ``-f``, or else the first word that ends in ``.py`` and is no option's value of ours.
    """
    ours: list[str] = []
    locust: list[str] = []
    json_file: Path | None = None
    named = any(word.partition("=")[0] in _NAMED or word.startswith("-f") for word in words)
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        option = word.partition("=")[0]
        if word in FLAGS:
            ours.append(word)
        elif option in OURS:
            ours += [word, *waiting[:1]] if option == word else [word]
            del waiting[: option == word]
        elif option == "--json" and (option != word or _is_file(waiting[:1])):
            json_file = Path(word.partition("=")[2] if option != word else waiting.pop(0))
        elif not named and word.endswith(".py") and not word.startswith("-"):
            named = True
            locust = ["-f", word, *locust]
        else:
            locust.append(word)
    return Words(tuple(ours), tuple(locust), json_file) if named else None


def _is_file(words: Sequence[str]) -> bool:
    """Whether the next word is a file's name: after ``--json`` it may be a user class too."""
    return bool(words) and not words[0].startswith("-") and ("." in words[0] or "/" in words[0])


def read_locustfile(words: Sequence[str], demo_shop: bool) -> LocustWanted:
    """Make a plan from locustfiles and Locust's command line.

    Args:
        words: Locust's part of the command line.
        demo_shop: whether the demo shop is the target, whatever the command line says.

    Raises:
        UsageError: the command line makes no sense.
        JourneyError: a file is not there or does not import.
        PlanError: it has no user, or an option has no meaning.
        Exit: all that was asked for was to be told something.
    """
    _make_sure_of(words)
    found = _look(words)
    if "said" in found:
        click.echo(found["said"])
        raise click.exceptions.Exit(0)
    options = found["options"]
    if demo_shop and options["host"] is not None:
        raise UsageError("--demo-shop and -H name two targets", hint="leave one of them out")
    files = tuple(Path(file) for file in found["files"])
    root = Path(os.path.commonpath([file.parent for file in files]))
    host = "http://127.0.0.1" if demo_shop else options["host"]
    run = LocustRun(
        users=[_user(user, root) for user in found["users"]],
        user_count=1 if options["num_users"] is None else options["num_users"],
        spawn_rate=options["spawn_rate"] or 1.0,
        run_time_s=found["ends_s"],
        host=host,
        stop_timeout_s=options["stop_timeout"],
        tags=options["tags"] or (),
        exclude_tags=options["exclude_tags"] or (),
        options={**options, "host": host},
        changes=found["changes"],
        by_class=found["by_class"],
    )
    plan = plan_for_locustfile(files[0].name, run)
    loaded = LoadedPlan(plan, root / files[0].name, journey_files(plan, root))
    return LocustWanted(loaded, files, root, options, found["reacts"])


def _user(found: Mapping[str, Any], root: Path) -> LocustUser:
    file = Path(found["file"]).relative_to(root).as_posix()
    return LocustUser(found["name"], file, float(found["weight"]), found["speaks_http"], found["host"])


def _make_sure_of(words: Sequence[str]) -> None:
    """A single file is looked for before anything is started: the nearest name may help.

    Raises:
        JourneyError: it is not there.
        UsageError: it is an address.
    """
    named = next((after for word, after in pairwise(words) if word in _NAMED), "")
    if "://" in named:
        raise UsageError("a locustfile is a file here, not an address", hint=f"curl -O {named}, and name the file")
    if not named.endswith(".py") or "," in named:
        return
    path = Path(named)
    if path.is_dir():
        raise JourneyError(f"{path} is a directory, not a file", hint="name the locustfile in it")
    if not path.exists():
        raise JourneyError(f"there is no file {path}", hint=near_file(path) or "is its path right?")


def _look(words: Sequence[str]) -> dict[str, Any]:
    command = module_command("loadgen.journey.locustfile", *words)
    try:
        done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S)
        found: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise JourneyError(f"looking at the locustfile took more than {TIMEOUT_S} s", hint=_by_hand(words)) from None
    except ValueError as error:
        raise JourneyError("the look at the locustfile gave no answer", hint=_by_hand(words)) from error
    if "error" in found:
        raise _refusal(found)
    return found


def _refusal(found: Mapping[str, Any]) -> LoadgenError:
    code = found["exit_code"]
    if code == UsageError.exit_code:
        sentence, hint = str(found["error"]), str(found["hint"])
        if sentence.startswith("unrecognized arguments"):
            meant = did_you_mean(sentence.rpartition(" ")[2], sorted(OURS | FLAGS))
            hint = meant if meant and not hint.startswith("Did") else hint
        return UsageError(sentence, hint=hint)
    kind = PlanError if code == PlanError.exit_code else JourneyError
    return kind(found["error"], hint=found["hint"] or _MEND)


def _by_hand(words: Sequence[str]) -> str:
    return "run this and see what it prints: python -m loadgen.journey.locustfile " + " ".join(words)
