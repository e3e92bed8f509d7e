"""``make chaos``: many runs against real processes, each with faults drawn by a seed, and every invariant checked.

::

    .venv/bin/python tests/chaos/campaign.py                             100 runs on two clusters side by side
    .venv/bin/python tests/chaos/campaign.py --seed 7 --only-run 42      the same faults as in run 42 of that campaign
    .venv/bin/python tests/chaos/campaign.py --write                     writes the results into docs/reliability.md

The same seed gives the same faults at the same instants of the load. What the processes are just doing then is theirs.
What is struck is in :mod:`chaos.schedule`, what must hold in :mod:`chaos.checking`. Exit code 1 when anything did not.
"""

from __future__ import annotations

import argparse
import json
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

TESTS = Path(__file__).absolute().parents[1]
if __name__ == "__main__":
    sys.path[0] = str(TESTS)  # as pytest has it: modules are named chaos.x and cluster.x

from chaos.checking import counts_of, wrong_with  # noqa: E402 -- the path comes first
from chaos.playing import plan_for, play  # noqa: E402
from chaos.recovery import back_after  # noqa: E402
from chaos.results import HEAD, Result, line, summary, write  # noqa: E402
from chaos.schedule import draw  # noqa: E402
from chaos.stage import Stage  # noqa: E402

from loadgen.children import start_child  # noqa: E402

PAGE = TESTS.parent / "docs" / "reliability.md"


def campaign(folder: Path, seed: int, numbers: Sequence[int], left: list[str]) -> Iterator[Result]:
    """Play some runs on a stage of their own.

    Args:
        folder: for logs.
        seed: of the campaign.
        numbers: which runs.
        left: what is left behind in the end is appended.
    """
    stage = Stage(folder)
    try:
        plan = plan_for(stage)
        for number in numbers:
            began_s = time.monotonic()
            faults = draw(seed, number)
            print(f"run {number}: " + "; ".join(map(str, faults)), file=sys.stderr, flush=True)  # noqa: T201
            stage.mend()
            played = play(stage, plan, faults)
            counts = counts_of(played)
            backs = back_after(played)
            verdict = played.follower.record.verdict
            yield Result(
                number=number,
                faults=[
                    (struck.fault.kind, round(struck.at_s, 2), struck.fault.length_s, back)
                    for struck, back in zip(played.struck, backs, strict=True)
                    if not struck.void
                ],
                counts=counts,
                failovers_s=played.failovers_s,
                outcome=str(verdict.outcome) if verdict else "",
                validity=str(verdict.validity.verdict) if verdict else "",
                reasons=[reason.code for reason in verdict.validity.reasons] if verdict else [],
                took_s=time.monotonic() - began_s,
                wrong=wrong_with(played, counts, stage) + [f"left behind: {what}" for what in stage.leftovers()],
            )
        stage.mend()
    except Exception:
        print(stage.logs(), file=sys.stderr)  # noqa: T201 -- for whoever looks for the cause
        raise
    finally:
        left += stage.close()


def _side_by_side(seed: int, numbers: Sequence[int], lanes: int, logs: Path, left: list[str]) -> Iterator[Result]:
    """The same on several stages at once, each in a process of its own; results as they come."""
    children: list[subprocess.Popen[bytes]] = []
    with selectors.DefaultSelector() as selector:
        for lane in range(lanes):
            part = ",".join(map(str, numbers[lane::lanes]))
            command = [
                sys.executable,
                __file__,
                "--seed",
                str(seed),
                "--only-run",
                part,
                "--folder",
                str(logs / f"{lane}"),
            ]
            with (logs / f"lane-{lane}.log").open("wb") as log:
                children.append(start_child([*command, "--json"], stdout=subprocess.PIPE, stderr=log))
            selector.register(children[-1].stdout, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                told = key.fileobj.readline()
                if not told:
                    selector.unregister(key.fileobj)
                    continue
                answer = json.loads(told)
                if "left" in answer:
                    left += answer["left"]
                else:
                    yield Result.of(answer)
    for lane, child in enumerate(children):
        if child.wait() and not left:
            left.append(f"the cluster of lane {lane} ended before its time, see {logs}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only-run", help="numbers of runs, with commas")
    parser.add_argument("--lanes", type=int, default=2, help="clusters side by side")
    parser.add_argument("--write", action="store_true", help="write docs/reliability.md")
    parser.add_argument("--folder", type=Path, help="for logs; default: one that is made")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each run, on one cluster")
    return parser.parse_args()


def main() -> int:
    """Run the campaign."""
    asked = _arguments()
    numbers = [int(number) for number in asked.only_run.split(",")] if asked.only_run else range(asked.runs)
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="loadgen-chaos-"))
    folder.mkdir(exist_ok=True)
    left: list[str] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped in order
    if asked.json:
        for result in campaign(folder, asked.seed, numbers, left):
            print(json.dumps(result.plain()), flush=True)  # noqa: T201
        print(json.dumps({"left": left}), flush=True)  # noqa: T201
        return 0
    began_s, results = time.monotonic(), []
    print(f"logs in {folder}\n{HEAD}")  # noqa: T201
    for result in _side_by_side(asked.seed, numbers, min(asked.lanes, len(numbers)), folder, left):
        results.append(result)
        print(line(result), flush=True)  # noqa: T201
    results.sort(key=lambda result: result.number)
    (folder / "results.json").write_text(json.dumps([result.plain() for result in results]))
    block = summary(results, left, asked.seed)
    print(f"\n{block}\n\n{(time.monotonic() - began_s) / 60:.1f} minutes", *left, sep="\n")  # noqa: T201
    if asked.write:
        write(PAGE, block)
    return int(bool(left) or len(results) < len(numbers) or any(result.wrong for result in results))


if __name__ == "__main__":
    sys.exit(main())
