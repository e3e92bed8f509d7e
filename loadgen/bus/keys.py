"""Names of all keys.

Keys of the cluster share the hash tag ``{loadgen}``, keys of a run ``{run:<id>}``, so that each Lua script touches one
slot of a Redis Cluster. Frame streams are touched by no script and lie elsewhere, each shard in a slot of its own.

==============================  =======  ===========================================================
key                             type     holds
==============================  =======  ===========================================================
{loadgen}:leader                string   id of the leading coordinator, with its lease as expiry
{loadgen}:fence                 counter  fencing number of the latest leadership
{loadgen}:leader-info           string   JSON: where the leader serves metrics
{loadgen}:workers               zset     worker name → instant its lease ends, µs
{loadgen}:worker-info           hash     worker name → WorkerInfo
{loadgen}:left                  zset     worker name → when it was taken off the list, s; for an hour
{loadgen}:members               counter  rises when a worker joins, leaves or changes what it says
{loadgen}:control               stream   ControlMessages to all workers
{loadgen}:queue                 list     run ids waiting for their turn, oldest first
{loadgen}:active                set      run ids under way
{loadgen}:runs                  zset     all known run ids → instant of submission, µs
{run:<id>}:spec                 string   RunSpec
{run:<id>}:code                 string   shipped journey code
{run:<id>}:record               string   RunRecord
{run:<id>}:fence                string   fencing number of the leader that drives the run
{run:<id>}:seats                hash     worker name → Seat
{run:<id>}:turn                 hash     the latest epoch: its number, until when it must be heard of, whether it holds
{run:<id>}:awaited              set      workers that have not heard of it yet
{run:<id>}:events               stream   WorkerEvents
{run:<id>}:rows                 hash     how far each source's rows were dealt, and the ranges that came back
{run:<id>}:rows-held            hash     first row and source → one behind the last row, and the worker that has them
{run:<id>}:created              hash     what shoppers created in the shop and is not undone, by kind and number
{run:<id>}:created-lost         counter  how much of that is not kept
{run:<id>}:indexes              counter  how many workers asked for their index
{run:<id>}:to-master            stream   what workers' locustfiles say to the master
{run:<id>}:to-workers           stream   what the master says to them
{run:<id>:<shard>}:frames       stream   Frames of the workers that keep to this shard
{run:<id>}:positions            hash     shard → id of the last frame entry that is dealt with
{run:<id>}:totals               hash     worker name → WorkerTotals (its last sealed sequence among them)
{run:<id>}:sealed               stream   sealed seconds and amendments
{run:<id>}:quarantine           stream   frames that were refused, with the reason
==============================  =======  ===========================================================
"""

from __future__ import annotations

from typing import Final

_CLUSTER: Final = "{loadgen}:"

LEADER: Final = _CLUSTER + "leader"
FENCE: Final = _CLUSTER + "fence"
LEADER_INFO: Final = _CLUSTER + "leader-info"
WORKERS: Final = _CLUSTER + "workers"
WORKER_INFO: Final = _CLUSTER + "worker-info"
LEFT: Final = _CLUSTER + "left"
MEMBERS: Final = _CLUSTER + "members"
CONTROL: Final = _CLUSTER + "control"
QUEUE: Final = _CLUSTER + "queue"
ACTIVE: Final = _CLUSTER + "active"
RUNS: Final = _CLUSTER + "runs"

RUN_PARTS: Final = (
    "spec", "code", "record", "fence", "seats", "turn", "awaited", "events", "positions", "totals", "sealed",
    "quarantine", "rows", "rows-held", "created", "created-lost", "indexes", "to-master", "to-workers",
)  # fmt: skip
"""Every key of a run but its frame streams; all of them expire some time after its end."""


KEPT_WITHOUT_END_S: Final = 40 * 86400
"""How long a run's keys live that nobody ends: longer than the longest plan."""


def run_key(run: str, part: str) -> str:
    """The name of one of a run's keys."""
    return f"{{run:{run}}}:{part}"


def frames_key(run: str, shard: int) -> str:
    """The name of one of a run's frame streams."""
    return f"{{run:{run}:{shard}}}:frames"
