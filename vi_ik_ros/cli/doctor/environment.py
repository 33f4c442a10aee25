# SPDX-License-Identifier: Apache-2.0
"""Processors and threads, and what ROS 2 is told by environment variables."""

import importlib
import os
from collections.abc import Iterator
from operator import attrgetter

from vi_ik_ros.cli.doctor.child import MIDDLEWARE, in_child
from vi_ik_ros.cli.doctor.finding import Finding, State, reason
from vi_ik_ros.exceptions import RobotError, ViIkError

MACHINE, ROS = "machine", "ROS 2"
DOMAINS = range(233)  # what DDS has ports for
RANGES = ("SUBNET", "LOCALHOST", "OFF", "SYSTEM_DEFAULT")
KINDS = ("msg", "srv", "action")


def machine_findings() -> Iterator[Finding]:
    """Tell how many processors there are, and how many threads use them."""
    usable = len(os.sched_getaffinity(0))
    cores = f"{os.cpu_count()}, of which this process may use {usable}"
    yield Finding(MACHINE, "processors", State.OK, cores)
    told = os.environ.get("OMP_NUM_THREADS", "")
    yield Finding(MACHINE, "OMP_NUM_THREADS", State.OK, told or "not set")
    try:
        threads = importlib.import_module("torch").get_num_threads()
    except Exception as error:  # the packages tell more about it
        yield Finding(MACHINE, "torch threads", State.WARNING, f"not known ({reason(error)})")
    else:
        yield Finding(MACHINE, "torch threads", State.OK, str(threads))


def ros_findings() -> Iterator[Finding]:
    """Tell the middleware, the variables, and whether our interfaces can be used."""
    yield _middleware()
    yield _domain()
    yield _discovery()
    distribution = os.environ.get("ROS_DISTRO", "")
    words = distribution or "not set: ROS 2 comes from PyPI, or was not sourced"
    yield Finding(ROS, "ROS_DISTRO", State.OK, words)
    yield _prefix()
    for kind in KINDS:
        yield _interfaces(kind)


def _middleware() -> Finding:
    """Tell which middleware carries our messages, or would."""
    told = os.environ.get("RMW_IMPLEMENTATION", "")
    source = "RMW_IMPLEMENTATION" if told else "the default"
    try:
        name = in_child(MIDDLEWARE)
    except ViIkError as error:
        remedy = "no nodes: unset RMW_IMPLEMENTATION, or install the middleware that it names"
        return Finding(
            ROS, "middleware", State.FAILED, f"{told or 'none'} ({reason(error)})", remedy
        )
    return Finding(ROS, "middleware", State.OK, f"{name} ({source})")


def _domain() -> Finding:
    """Tell the domain: nodes of different ones do not see each other."""
    told = os.environ.get("ROS_DOMAIN_ID", "")
    if not told:
        return Finding(ROS, "ROS_DOMAIN_ID", State.OK, "0 (not set)")
    if told.isascii() and told.isdigit() and int(told) in DOMAINS:
        return Finding(ROS, "ROS_DOMAIN_ID", State.OK, told)
    remedy = "no node starts: export ROS_DOMAIN_ID=0, or another number up to 232"
    return Finding(ROS, "ROS_DOMAIN_ID", State.FAILED, told, remedy)


def _discovery() -> Finding:
    """Tell how far nodes look for each other."""
    name = "ROS_AUTOMATIC_DISCOVERY_RANGE"
    told = os.environ.get(name, "")
    if not told:
        return Finding(ROS, name, State.OK, "SUBNET (not set)")
    if told.upper() in RANGES:
        return Finding(ROS, name, State.OK, told)
    remedy = f"nodes may not find each other: export {name}=SUBNET, or {', '.join(RANGES[1:])}"
    return Finding(ROS, name, State.WARNING, told, remedy)


def _prefix() -> Finding:
    """Tell where config/ and urdf/ are read from."""
    from vi_ik_ros.kinematics.share import share_dir

    prefixes = [one for one in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if one]
    among = f"{len(prefixes)} in AMENT_PREFIX_PATH" if prefixes else "AMENT_PREFIX_PATH is not set"
    try:
        return Finding(ROS, "data files", State.OK, f"{share_dir()} ({among})")
    except RobotError as error:
        remedy = "no robots, skills or models: source install/setup.bash"
        return Finding(ROS, "data files", State.FAILED, str(error), remedy)


def _interfaces(kind: str) -> Finding:
    """Import our messages, services or actions, with the compiled code behind them."""
    name = f"vi_ik_ros.{kind}"
    remedy = "no nodes: build the package (make setup, or colcon build) and source it"
    try:
        found = vars(importlib.import_module(name)).values()
        types = [one for one in found if isinstance(one, type)]
        dead = [one.__name__ for one in types if not _is_compiled(one)]
    except Exception as error:
        return Finding(ROS, name, State.FAILED, f"cannot be used ({reason(error)})", remedy)
    if dead or not types:
        words = f"no compiled code for {', '.join(dead)}" if dead else "empty"
        return Finding(ROS, name, State.FAILED, words, remedy)
    whole = [one for one in types if "_" not in one.__name__]  # not the request of a service
    return Finding(ROS, name, State.OK, f"{len(whole)} types")


def _is_compiled(interface: type) -> bool:
    """Load the compiled code of a message type, which logs and goes on where it cannot."""
    attrgetter("__import_type_support__")(type(interface))()
    return attrgetter("_TYPE_SUPPORT")(type(interface)) is not None
