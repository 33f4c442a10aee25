# SPDX-License-Identifier: Apache-2.0
"""A humanoid reaches across its body: `python examples/whole_body_reach.py`.

Start the nodes before, with `vi-ik up`, and if you like RViz: fixed frame `world`, a MarkerArray
display of /sampler/markers. config/objectives/talos_reach_across.yaml goes to the trainer node;
then the sampler node is asked as a planner would that wants many different starts. Some of them
are drawn into whole_body_reach.png. With --smoke the example starts the nodes itself, trains for a
moment and leaves nothing behind, for tests.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from vi_ik_ros.benchmarks.figures.robots.talos import robots
from vi_ik_ros.benchmarks.talos_stance.stance import Stance
from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.kinematics.collisions.collision import SelfCollision
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.kinematics.wire_rows import from_wire
from vi_ik_ros.msg import TrainingStatus
from vi_ik_ros.nodes.processes.private_sampler import PrivateSampler
from vi_ik_ros.nodes.processes.private_trainer import PrivateTrainer
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.nodes.training.objective_messages import objectives_to_msg
from vi_ik_ros.nodes.training.trainer_client import TrainerClient
from vi_ik_ros.sampling.experts.yaml_document import read_yaml
from vi_ik_ros.sampling.warm_start.solver import SampleRequest
from vi_ik_ros.viewer.capsules import Capsules
from vi_ik_ros.viewer.figures.canvas import Canvas, bare, caption
from vi_ik_ros.viewer.figures.robot_panel import looking_from
from vi_ik_ros.viewer.palette import component_colors
from vi_ik_ros.viewer.render import framed, overlay, render

MODEL, SMOKE = "talos_reach_across", "--smoke" in sys.argv
NUM_COMPONENTS, SECONDS = (6, 3.0) if SMOKE else (50, 40.0)
NUM_SAMPLES, NUM_PRINTED, NUM_DRAWN = 200, 8, 4
NEWTON_STEPS = 3
INK, GREY = np.array([0.1, 0.1, 0.12]), np.array([0.72, 0.74, 0.78])


def main() -> int:
    """Train, sample, choose, print, draw."""
    torch.set_num_threads(1)
    stance = Stance(MODEL)
    with nodes() as (trainer, sampler, picture):
        train(trainer)
        request = SampleRequest(num_samples=NUM_SAMPLES, avoid_self_collision=True)
        answer = sampler.sample(request, model=MODEL)
        sampled = from_wire(stance.objectives.robot, answer.positions, "positions")
        q, rows = usable(stance, sampled)
        headline = f"{len(q)} of {len(answer.positions)} configurations are usable"
        print(f"sampled in {1e3 * answer.elapsed:.0f} ms; {headline}, the most relaxed first:")
        if not len(q):
            return 1
        print_table(stance, sampled[rows], q, answer.component[rows])
        draw(picture, stance, q, answer.component[rows], headline)
        print(f"picture: {picture}")
    return 0


@contextmanager
def nodes() -> Iterator[tuple[TrainerClient, SamplerClient, Path]]:
    """Meet the running nodes, or start some in a private domain with a store of their own."""
    if not SMOKE:
        with TrainerClient() as trainer, SamplerClient() as sampler:
            yield trainer, sampler, Path("whole_body_reach.png")
        return
    with TemporaryDirectory() as place:
        os.environ["ROS_LOG_DIR"] = place
        store = {"model_store": f"{place}/models"}
        training = PrivateTrainer(store | {"work_directory": f"{place}/trainer", "nice": 0})
        with training, PrivateSampler(store | {"default_model": MODEL}) as sampling:
            yield training.client, sampling.client, Path(place) / "picture.png"


def train(trainer: TrainerClient) -> None:
    """Publish the objectives and follow their training to its end."""
    document = read_yaml(share_dir() / "config" / "objectives" / f"{MODEL}.yaml")
    message = objectives_to_msg(
        document, model=MODEL, family="gaussian", num_components=NUM_COMPONENTS, time_limit=SECONDS
    )
    trainer.publish(message)
    for status in trainer.follow(message):
        if sys.stderr.isatty():
            line = (
                f"{status.progress:4.0%}, ELBO {status.elbo:.1f}, {status.seconds_left:.0f} s left"
            )
            print(f"\r{MODEL}: {line:50s}", end="", file=sys.stderr)
    print(f"\r{MODEL}: {status.step} updates in {status.elapsed:.0f} s {status.message}")
    if status.state not in (TrainingStatus.DONE, TrainingStatus.KEPT):
        sys.exit(f"{MODEL} was not trained: {status.message}")


def usable(stance: Stance, sampled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put feet and gripper exactly in place and keep what still stands and touches nothing.

    Returns:
        configurations (M, 34), nearest to half sitting first, and their rows in `sampled` (N, 34).
    """
    robot = stance.objectives.robot
    q = stance.projected(sampled, NEWTON_STEPS)
    good = (
        stance.errors(q).balanced & robot.within_limits(q) & ~SelfCollision(robot).in_collision(q)
    )
    rows = np.flatnonzero(good)
    rows = rows[np.argsort(strain(stance, q[rows]))]
    return q[rows], rows


def strain(stance: Stance, q: np.ndarray) -> np.ndarray:
    """Return how far the joints of q (N, 34) are from half sitting, (N,) [rad]."""
    return np.linalg.norm((q - stance.objectives.robot.ready)[:, 6:], axis=1)


def print_table(stance: Stance, sampled: np.ndarray, q: np.ndarray, component: np.ndarray) -> None:
    """Print some configurations as sampled and with feet and gripper in place."""
    raw, exact = stance.errors(sampled), stance.errors(q)
    distance = stance.product.expert("clearance").transform
    apart = distance(stance.product.state(torch.from_numpy(q))).amin(1).numpy()
    columns = {
        "component": component,
        "feet sampled [mm]": 1e3 * raw.feet.max(1),
        "feet [mm]": 1e3 * exact.feet.max(1),
        "gripper sampled [mm]": 1e3 * raw.gripper,
        "gripper [mm]": 1e3 * exact.gripper,
        "CoM margin [mm]": 1e3 * exact.margin,
        "self-distance [mm]": 1e3 * apart,
        "to half sitting [rad]": strain(stance, q),
    }
    print("  ".join(columns))
    for row in list(zip(*columns.values(), strict=True))[:NUM_PRINTED]:
        print("  ".join(f"{x:{len(name)}.3g}" for name, x in zip(columns, row, strict=True)))


def draw(path: Path, stance: Stance, q: np.ndarray, component: np.ndarray, headline: str) -> None:
    """Draw the first configuration of some components, the target as a dark ball."""
    rows = np.sort(np.unique(component, return_index=True)[1])[:NUM_DRAWN]
    colors = component_colors(component[rows])
    bodies = [
        robots(stance, q[row, None], {"arm_left": color, "": 0.5 * (color + GREY)})
        for row, color in zip(rows, colors, strict=True)
    ]
    target = stance.product.expert("left_gripper").density.mean.numpy()[None]  # type: ignore
    ball = Capsules(target, target, np.array([0.05]), INK[None])
    pixels = (60, 80) if SMOKE else (600, 800)
    camera = framed(looking_from(-0.6, 0.3, pixels), Capsules.join(bodies), room=1.2)
    title = "Talos reaches across its body, feet planted"
    canvas = Canvas(title, f"{headline}; the dark ball is the target.", (0.75,) * len(rows), 8.4)
    for axes, shape, row in zip(canvas.panels, bodies, rows, strict=True):
        scene = render(Capsules.join([shape, ball]), camera, floor_radius=1.1)
        axes.imshow(overlay(scene, ball, camera, alpha=0.8), interpolation="antialiased")
        bare(axes)
        words = f"{strain(stance, q[row, None])[0]:.1f} rad from half sitting"
        caption(axes, f"Component {component[row]}", words)
    canvas.save(path)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ViIkError as error:
        sys.exit(str(error))
