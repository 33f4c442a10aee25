# SPDX-License-Identifier: Apache-2.0
"""`vi-ik view`: a live page in the browser."""

import argparse
import contextlib
import importlib.util
import signal
import sys
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.cli.output import emit, say
from vi_ik_ros.exceptions import InvalidInput, ViIkError

if TYPE_CHECKING:
    from vi_ik_ros.sampling.store.model_store import ModelStore
    from vi_ik_ros.viewer.page.sample.sampler import Sampler
    from vi_ik_ros.viewer.page.training.training_feed import TrainingFeed

EXAMPLE = "vi-ik view --model panda_pose --no-browser"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `vi-ik view`."""
    parser.add_argument("--model", metavar="NAME", default="", help="shown first")
    parser.add_argument(
        "--store", metavar="DIR", type=Path, help="default: $XDG_DATA_HOME/vi_ik_ros/models"
    )
    parser.add_argument(
        "--skill", metavar="DIR", type=Path, help="episodes of `vi-ik skill learn --out DIR`"
    )
    parser.add_argument(
        "--sampler", metavar="NODE", help="ask a running node, such as /sampler, over ROS 2"
    )
    parser.add_argument(
        "--trainer", metavar="NODE", help="watch the trainings of a running node, such as /trainer"
    )
    parser.add_argument(
        "--host", default=LOOPBACK[0],
        help="address to listen at (default 127.0.0.1: this machine alone; 0.0.0.0: everybody)",
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=8080, help="default 8080; 0: any that is free")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")


def run(arguments: argparse.Namespace) -> int:
    """Open the page, say where it is, wait for Ctrl-C."""
    if importlib.util.find_spec("viser") is None:
        raise ViIkError("viser is not installed: pip install viser")
    from vi_ik_ros.sampling.store.model_store import ModelStore
    from vi_ik_ros.viewer.page.page import Page, PageContent
    from vi_ik_ros.viewer.page.page_server import check_port

    check_port(arguments.host, arguments.port)  # before anything slow
    if arguments.host not in LOOPBACK:
        say(f"warning: whoever reaches {arguments.host} can see and use the page; it asks nobody")
    stop = _stopped()
    with (
        _sampler(arguments.sampler, ModelStore(arguments.store)) as sampler,
        _training(arguments.trainer) as training,
    ):
        model = _known(arguments.model, sampler)
        content = PageContent(sampler, model, arguments.skill, training)
        with Page(content, host=arguments.host, port=arguments.port) as page:
            emit(arguments.json, {"url": page.url}, f"{page.url}  (Ctrl-C stops)")
            sys.stdout.flush()
            if not arguments.no_browser:
                webbrowser.open(page.url)
            stop.wait()
    return 0


def _stopped() -> threading.Event:
    """Return what Ctrl-C and SIGTERM set."""
    stop = threading.Event()
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, lambda *_: stop.set())
    return stop


@contextlib.contextmanager
def _sampler(node: str | None, store: "ModelStore") -> "Iterator[Sampler]":
    """Give the node's sampler, or one in this process."""
    if node is None:
        from vi_ik_ros.viewer.page.sample.local_sampler import LocalSampler

        yield LocalSampler(store)
        return
    from vi_ik_ros.cli.view.ros_sampler import RosSampler
    from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient

    with SamplerClient(node) as client:
        yield RosSampler(client, store)


@contextlib.contextmanager
def _training(node: str | None) -> "Iterator[TrainingFeed | None]":
    """Give what a trainer node publishes, if one is to be watched."""
    if node is None:
        yield None
        return
    from vi_ik_ros.cli.view.ros_training import RosTraining
    from vi_ik_ros.nodes.training.trainer_client import TrainerClient

    with TrainerClient(node) as client:
        yield RosTraining(client)


def _known(name: str, sampler: "Sampler") -> str:
    """Return the name of a model if the sampler has it."""
    names = sampler.model_names()
    if name and name not in names:
        raise InvalidInput("--model", name, f"one of {', '.join(names)}")
    return name
