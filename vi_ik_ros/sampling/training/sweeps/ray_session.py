# SPDX-License-Identifier: Apache-2.0
"""Ray for the time of one sweep: on this machine alone, or an existing cluster."""

import importlib
import logging
import os
import secrets
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from vi_ik_ros.exceptions import InvalidInput, ViIkError

OBJECT_STORE = 100_000_000  # [bytes] of shared memory; trials exchange little
CONNECT_TIMEOUT = 5.0  # [s]
SWEEP = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent to anybody
    "RAY_AIR_NEW_OUTPUT": "0",  # its tables; a verbosity of 0 does not silence the new ones
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # a robot may be named by a path relative to here
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # files with what our report says
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl-C is a KeyboardInterrupt, as everywhere
    "TUNE_GLOBAL_CHECKPOINT_S": "1",  # [s] between two files of where the sweep stands
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}
JOINING = {"RAY_NUM_REDIS_GET_RETRIES": "1"}  # half a minute each, where nothing of Ray answers
ALONE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # 0 makes Ray listen on 127.0.0.1, Linux included
    "RAY_AUTH_MODE": "token",  # other users of this machine cannot talk to it
}


@contextmanager
def ray_session(address: str | None) -> Iterator[None]:
    """Start Ray or join a cluster; what was started ends with the block, whatever happens.

    A Ray of our own listens on the loopback interface only and leaves no files.

    Args:
        address: of an existing cluster, HOST:PORT or `auto`; None: this machine, with as many
            processors as this process may use.

    Raises:
        InvalidInput: this process cannot join the cluster.
        ViIkError: Ray does not start.
    """
    if address is not None:
        _refuse_silent(address)
        with _environment({**SWEEP, **JOINING}), _until_shutdown():
            _join(address)
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            yield
        return
    # The path of a socket has to be short, so this is not below TMPDIR; nor is Ray's default.
    directory = tempfile.mkdtemp(prefix="vi_ik_sweep_", dir="/tmp")
    own = {"TMPDIR": directory, "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    try:
        with _environment({**SWEEP, **ALONE, **own}), _until_shutdown():
            _read_token_again()
            _start(f"{directory}/ray")  # which Ray opens to everybody, unlike the one above it
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            yield
    finally:
        _read_token_again()
        shutil.rmtree(directory, ignore_errors=True)


def _start(directory: str) -> None:
    """Start Ray on this machine."""
    import ray

    try:
        ray.init(
            address="local",
            num_cpus=len(os.sched_getaffinity(0)),
            include_dashboard=False,
            object_store_memory=OBJECT_STORE,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            _temp_dir=directory,
        )
    except Exception as error:  # Ray has no base class for what keeps it from starting.
        raise ViIkError(f"Ray does not start: {_first_line(error)}") from error


def _read_token_again() -> None:
    """Make Ray forget what it knows of tokens.

    It reads the variables when it is loaded and keeps the first token that it needs, however many
    sessions a process has. There is no public call; versions without these names have no tokens.
    """
    raylet = importlib.import_module("ray._raylet")
    if hasattr(raylet, "AuthenticationTokenLoader"):
        raylet.Config.initialize("")
        raylet.AuthenticationTokenLoader.instance().reset_cache()


def _join(address: str) -> None:
    """Connect to a cluster."""
    import ray

    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except Exception as error:  # Other versions, no node on this machine, a missing token, ...
        expected = f"a Ray cluster that this machine is part of ({_first_line(error)})"
        raise InvalidInput("--address", address, expected) from None


def _refuse_silent(address: str) -> None:
    """Refuse an address where nothing listens, before Ray tries for a minute."""
    host, _, port = address.rpartition(":")
    if address == "auto":
        return
    if not host or "//" in host or not port.isdigit():
        raise InvalidInput("--address", address, "HOST:PORT of a Ray cluster, or auto")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_TIMEOUT).close()
    except (OSError, OverflowError) as error:
        raise InvalidInput("--address", address, f"a running Ray cluster ({error})") from None


@contextmanager
def _until_shutdown() -> Iterator[None]:
    """End what Ray has started; give back the signal handlers, which Ray replaces."""
    import ray

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # of an impatient user: it takes 2 s
        ray.shutdown()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables that Ray and its processes read."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _first_line(error: Exception) -> str:
    """Return the first line of what Ray says."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))
