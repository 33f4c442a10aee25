# SPDX-License-Identifier: Apache-2.0
"""Entry point of a worker: reads the request, does it, ends."""

import os
import traceback
from collections.abc import Mapping

from vi_ik_ros.exceptions import InvalidInput, TrainingStopped
from vi_ik_ros.sampling.training.jobs.worker.parent_link import ParentLink
from vi_ik_ros.sampling.training.jobs.worker.refusal import INTERNAL, refusal

OK, FAILED, REFUSED = 0, 1, 2  # exit codes
POLITE = 19  # niceness of a process that computes only where nobody else wants to


def main() -> None:
    """Read the request, do it, end."""
    link = ParentLink()
    try:
        request = link.request()
        make_way(int(request.get("nice", POLITE)))
        last = _done(request, link)
    except TrainingStopped:
        link.end(OK, "stopped", {"checkpoint": True})
    except Exception as error:
        told = refusal(error)
        if told["kind"] == INTERNAL:
            traceback.print_exc()
        link.end(FAILED if told["kind"] == INTERNAL else REFUSED, "refused", told)
    link.end(OK, *last)


def make_way(nice: int) -> None:
    """Let other processes go first; the threads of numerical libraries, loaded later, inherit it.

    Args:
        nice: 0 changes nothing; `POLITE` leaves whatever others want to them.
    """
    os.setpriority(os.PRIO_PROCESS, 0, max(nice, os.getpriority(os.PRIO_PROCESS, 0)))
    policy = "SCHED_IDLE" if nice >= POLITE else "SCHED_BATCH"
    if nice > 0 and hasattr(os, policy):  # Linux
        os.sched_setscheduler(0, getattr(os, policy), os.sched_param(0))


def _done(request: Mapping, link: ParentLink) -> tuple[str, dict[str, object]]:
    """Do what is asked for; return the last event."""
    # Their libraries start threads, which must find signals and niceness as they shall be.
    from vi_ik_ros.sampling.training.jobs.worker.learning_request import learn
    from vi_ik_ros.sampling.training.jobs.worker.training_request import check, train

    kinds = {"train": train, "check": check, "learn": learn}
    if request.get("kind") not in kinds:
        raise InvalidInput("kind", request.get("kind"), f"one of {', '.join(kinds)}")
    return kinds[request["kind"]](request, link)


if __name__ == "__main__":
    main()
