# SPDX-License-Identifier: Apache-2.0
"""How soon the live page is painted, and how fast it follows robots, in a headless Chromium.

WebGL runs on the processor here, which page, browser and server share; a graphics card draws more
frames. An update is the configurations of 64 robots: placed, sent, handled by the page before one
of its frames, and answered by it. The next one is sent when the answer is there.
"""

import time
from collections.abc import Callable

import numpy as np
import viser

from vi_ik_ros.benchmarks.page.browser import Browser, find_browser
from vi_ik_ros.benchmarks.report import Report, Row, mean_row
from vi_ik_ros.exceptions import NoAnswer
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.viewer.page.page import Page, PageContent
from vi_ik_ros.viewer.page.robots.capsule_shapes import capsule_shapes
from vi_ik_ros.viewer.page.robots.robot_group import DRAWN, RobotGroup
from vi_ik_ros.viewer.page.sample.local_sampler import LocalSampler
from vi_ik_ros.viewer.palette import component_colors

NAME = "page"
WIDTH, HEIGHT = 800, 600  # [pixels]
NUM_ROBOTS = 64
MODEL = "panda_pose"
LOADS, ROUNDS, ROUND = 5, 5, 4.0  # page loads; stretches of updates, each so long [s]
SWING = 0.4  # amplitude of the joints [rad]
PATIENCE = 60.0  # [s]
NEVER_SET = "vi-ik"  # a key of the page's storage: asking for it is how the page answers
FIRST_PAINT = """(() => {
  const entry = performance.getEntriesByName('first-contentful-paint')[0];
  return entry ? entry.startTime : 0;
})()"""
COUNT_FRAMES = """(() => {
  window.framesDrawn = 0;
  const count = () => { window.framesDrawn += 1; requestAnimationFrame(count); };
  requestAnimationFrame(count);
  return true;
})()"""


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Load the page several times, then move robots on it.

    Args:
        seeds: repeats of everything.
        quick: two loads, two short stretches of updates.
        budget: not used; nothing is trained here.
        on_progress: called with a line about what comes next.

    Raises:
        NoBrowser: there is no Chromium.
    """
    del budget  # Nothing is trained here.
    find_browser()
    started = time.monotonic()
    loads, rounds, length = (2, 2, 1.0) if quick else (LOADS, ROUNDS, ROUND)
    with Page(PageContent(LocalSampler(ModelStore()), MODEL), port=0) as page:
        if not page.sample.settled(PATIENCE):
            raise NoAnswer(f"the page: no samples within {PATIENCE:g} s")
        on_progress("loading ...")
        times = np.array([_load(page) for _ in range(seeds * loads)])
        rows = [
            mean_row("ours", "first contentful paint [s]", times[:, 0]),
            mean_row("ours", "controls and robots received [s]", times[:, 1]),
        ]
        on_progress(f"moving {NUM_ROBOTS} robots ...")
        rows += _follow(page, seeds * rounds, length)
    required = {rows[0].metric: 3.0, rows[2].metric: 10.0}
    rows = [_beside(row, required.get(row.metric)) for row in rows]
    return Report(NAME, rows, list(range(seeds)), time.monotonic() - started)


def acknowledged(client: viser.ClientHandle, timeout: float = PATIENCE) -> None:
    """Wait until a page has handled everything that was sent to it alone.

    Raises:
        TimeoutError: it has not within `timeout` [s].
    """
    client.local_storage.get_item(NEVER_SET, timeout=timeout)


def newest_client(page: Page, timeout: float = PATIENCE) -> viser.ClientHandle:
    """Wait until a browser looks at the page.

    Raises:
        NoAnswer: none does within `timeout` [s].
    """
    end = time.monotonic() + timeout
    while not (clients := page.server.get_clients()):
        if time.monotonic() > end:
            raise NoAnswer(f"the page: no browser connected within {timeout:g} s")
        time.sleep(0.005)
    return clients[max(clients)]


def _load(page: Page) -> tuple[float, float]:
    """Return when a fresh browser has painted and when it has received everything [s]."""
    with Browser(WIDTH, HEIGHT) as browser:
        started = time.monotonic()
        browser.open(page.url)
        acknowledged(newest_client(page))
        received = time.monotonic() - started
        painted = 1e-3 * browser.until(FIRST_PAINT, PATIENCE)
    end = time.monotonic() + PATIENCE
    while page.server.get_clients() and time.monotonic() < end:
        time.sleep(0.005)
    return painted, received


def _follow(page: Page, rounds: int, length: float) -> list[Row]:
    """Return how fast the page follows robots, in stretches of a length [s]."""
    page.sample.clear()
    with Browser(WIDTH, HEIGHT) as browser:
        browser.open(page.url)
        client = newest_client(page)
        robot = RobotModel.load("panda")
        group = RobotGroup(client, "/moving", robot, capsule_shapes(robot), material=DRAWN)
        colors = component_colors(np.arange(NUM_ROBOTS))
        group.show(_posture(robot, 0.0), colors)
        acknowledged(client)
        browser.evaluate(COUNT_FRAMES)
        waits, rates, frames = [], [], []
        for _ in range(rounds):
            before, started = browser.evaluate("window.framesDrawn"), time.monotonic()
            count = 0
            while (now := time.monotonic()) < started + length:
                group.show(_posture(robot, now), colors)
                acknowledged(client)
                waits.append(1e3 * (time.monotonic() - now))
                count += 1
            seconds = time.monotonic() - started
            rates.append(count / seconds)
            frames.append((browser.evaluate("window.framesDrawn") - before) / seconds)
    case = f"{NUM_ROBOTS} robots"
    return [
        mean_row(case, "updates acknowledged [1/s]", np.array(rates)),
        Row(case, "update acknowledged after, median [ms]", float(np.median(waits))),
        Row(case, "update acknowledged after, 95 % [ms]", float(np.percentile(waits, 95))),
        mean_row(case, "frames drawn [1/s]", np.array(frames)),
    ]


def _posture(robot: RobotModel, now: float) -> np.ndarray:
    """Return where all robots (n, nq) are at a time [s]: each swings about its ready posture."""
    phases = np.arange(NUM_ROBOTS)[:, None] * 0.1 + np.arange(robot.nq)
    return np.clip(robot.ready + SWING * np.sin(now + phases), robot.lower, robot.upper)


def _beside(row: Row, required: float | None) -> Row:
    """Return a row with what was required of it."""
    if required is None:
        return row
    words = "required at most" if row.metric.endswith("[s]") else "required at least"
    return Row(row.case, row.metric, row.value, row.stderr, required, words)
