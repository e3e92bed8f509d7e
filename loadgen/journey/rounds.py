"""Where a journey begins and ends inside Locust's task loop.

=======================  =============================================================================================
what the user does       what counts as one task
=======================  =============================================================================================
``Shopper``              its ``journey()``
random tasks, Markov     each task function, at whatever depth of nested TaskSets
``SequentialTaskSet``    one pass, or less if it interrupts itself; what runs inside it does not count apart
``interrupt()``          nothing: the parent picks another task
=======================  =============================================================================================

Locust runs every task of every TaskSet through ``TaskSet.execute_next_task``; that one method is wrapped. When the
session has had its wanted number of tasks, the user is put into Locust's own stopping state, so ``wait()`` ends it
instead of sleeping and every ``on_stop`` is called.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser
from locust.user.sequential_taskset import SequentialTaskSet
from locust.user.task import DefaultTaskSet, TaskSet

from loadgen.journey.session import Session


def install() -> None:
    """Wrap Locust's task loop once per process."""
    if not hasattr(TaskSet.execute_next_task, "__wrapped__"):
        TaskSet.execute_next_task = _counted(TaskSet.execute_next_task)  # type: ignore[method-assign]


def _counted(execute_next_task: Callable[[Any], None]) -> Callable[[Any], None]:
    @functools.wraps(execute_next_task)
    def counted(task_set: Any) -> None:
        session: Session | None = getattr(task_set.user, "loadgen_session", None)
        if session is None:
            execute_next_task(task_set)
            return
        task = task_set._task_queue[0]  # noqa: SLF001 - the task is popped inside
        session.round_begins()
        try:
            execute_next_task(task_set)
        except (RescheduleTask, RescheduleTaskImmediately):
            _ended(session, task_set, task)
            raise
        except InterruptTaskSet:
            if isinstance(task_set, SequentialTaskSet) and not _in_sequence(task_set):
                session.task_done()
            raise
        except (StopUser, StopTest):
            session.task_left()
            raise
        except Exception as error:
            session.task_failed(error)
            raise
        else:
            _ended(session, task_set, task)

    return counted


def _ended(session: Session, task_set: Any, task: Any) -> None:
    if type(task_set) is DefaultTaskSet and not isinstance(task, type):
        session.task_done()  # a user's own function, as nearly always: the rest would find the same in 0.7 µs
        return
    if _in_sequence(task_set):
        return
    if isinstance(task_set, SequentialTaskSet):
        done = task_set.__dict__["loadgen_done"] = task_set.__dict__.get("loadgen_done", 0) + 1
        if done % len(task_set.tasks) == 0:
            session.task_done()
    elif not (inspect.isclass(task) and issubclass(task, TaskSet)):
        session.task_done()


def _in_sequence(task_set: Any) -> bool:
    """Whether a TaskSet runs inside a sequence, which counts as a whole."""
    parent = task_set.parent
    while isinstance(parent, TaskSet):
        if isinstance(parent, SequentialTaskSet):
            return True
        parent = parent.parent
    return False
