# SPDX-License-Identifier: Apache-2.0
"""Films an episode while it goes on, as a video and as single pictures."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.graph.skill import Skill
from vi_ik_ros.skills.execution.trace import RECOVERY, Snapshot
from vi_ik_ros.skills.plants.plant import Plant

RATE = 25.0  # [Hz], of pictures


@contextmanager
def film(
    plant: Plant, skill: Skill, video: Path | None, frames: Path | None
) -> Iterator[Callable[[Snapshot], None]]:
    """Return what takes every snapshot of an episode; nothing is drawn unless asked for.

    Args:
        plant: whose bodies are drawn, a MuJoCo one.
        skill: names the primitives.
        video: mp4 file, in real time, or None.
        frames: directory of PNGs, or None.

    Raises:
        InvalidInput: the plant has no bodies, a path cannot be written, or there is no OpenGL.
    """
    if video is None and frames is None:
        yield lambda snapshot: None
        return
    from vi_ik_ros.skills.plants.mujoco import MujocoPlant
    from vi_ik_ros.viewer.scene_pictures.frame_folder import FrameFolder
    from vi_ik_ros.viewer.scene_pictures.scene_renderer import SceneRenderer
    from vi_ik_ros.viewer.scene_pictures.video_file import VideoFile

    if not isinstance(plant, MujocoPlant):
        option = "--video" if video is not None else "--frames"
        raise InvalidInput(option, type(plant).__name__, "a plant with bodies: --plant mujoco")
    names = [primitive.name.replace("_", " ") for primitive in skill.primitives]
    every = max(1, round(1.0 / (RATE * plant.control_period)))
    count = 0
    with ExitStack() as stack:
        writers: list[FrameFolder | VideoFile] = []
        if frames is not None:
            writers.append(stack.enter_context(FrameFolder(frames)))
        if video is not None:
            rate = 1.0 / (every * plant.control_period)
            writers.append(stack.enter_context(VideoFile(video, rate)))
        renderer = stack.enter_context(SceneRenderer(plant))

        def take(snapshot: Snapshot) -> None:
            nonlocal count
            count += 1
            if count % every:
                return
            result = snapshot.result
            name = "recovery" if snapshot.primitive == RECOVERY else names[snapshot.primitive]
            force = result.wrenches[:, :3].mean(axis=0) if len(result.wrenches) else None
            image = renderer.image(name, time=result.time, force=force)
            for writer in writers:
                writer.add(image)

        yield take
