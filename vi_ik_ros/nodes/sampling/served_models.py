# SPDX-License-Identifier: Apache-2.0
"""The models that a sampler serves, kept up to date while it goes on serving the old ones."""

import difflib
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from vi_ik_ros.exceptions import ModelNotFound, ViIkError
from vi_ik_ros.kinematics.robot_description import load_description
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.store.document import check_robot
from vi_ik_ros.sampling.store.model_store import ModelStore, StoredModel
from vi_ik_ros.sampling.warm_start.solver import WarmStartSolver

MAX_NUM_SAMPLES = 1_000_000


@dataclass(frozen=True)
class ServedModel:
    """One model in use: what the store holds, its robot, and the solver that answers with it."""

    stored: StoredModel
    robot: RobotModel
    solver: WarmStartSolver


@dataclass(frozen=True)
class ListedModel:
    """What is known of one model of the store.

    Attributes:
        document: the mapping of `model.json`; empty if the model is refused.
        digest: digest of description and weights; empty if the model is refused.
        refusal: why it cannot be used, in one line; empty if it can.
    """

    document: Mapping
    digest: str
    refusal: str


class ServedModels:
    """Models by name: loaded when first asked for, exchanged when their directory changes.

    `refresh` is cheap and belongs in a timer; what it finds is read in the background, so the
    old model answers until the new one is whole. A model that is refused leaves the old one.
    """

    def __init__(
        self,
        store: ModelStore,
        *,
        robot: str = "",
        urdf_text: str = "",
        max_num_samples: int = MAX_NUM_SAMPLES,
        num_threads: int | None = None,
        prepare: bool = True,
        remark: Callable[[str], None] = lambda line: None,
    ) -> None:
        """Keep the parts; the first `refresh` reads the store.

        Args:
            store: where the models are.
            robot: robot of every model, an alias or a path; '' = the model's own.
            urdf_text: URDF that replaces the one of that robot; '' = none.
            max_num_samples: largest num_samples of one request.
            num_threads: threads of the refiner; None: as many as a batch is worth.
            prepare: load what comes or changes after the first `refresh` at once: somebody has
                just trained it and waits for it.
            remark: called with one line when a model was exchanged or refused.
        """
        self._store, self._robot, self._urdf_text = store, robot, urdf_text
        self._max_num_samples, self._num_threads = max_num_samples, num_threads
        self._prepare, self._remark = prepare, remark
        self._served: dict[str, ServedModel] = {}
        self._listed: dict[str, ListedModel] = {}
        self._fingerprints: dict[str, tuple] | None = None
        self._changed: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None

    def get(self, name: str) -> ServedModel:
        """Return a model, loading it if nobody has asked for it yet.

        Raises:
            ModelNotFound: the store has no such name; directories are not looked at.
            ModelRefused: the model cannot be used, with the reason.
        """
        if name not in self._served:
            self._served[name] = self._serve(self._load(name))
        return self._served[name]

    def listed(self) -> dict[str, ListedModel]:
        """Return what is known of each model, by name."""
        return dict(sorted(self._listed.items()))

    def use_urdf(self, urdf_text: str) -> None:
        """Use another URDF for all models, in the background; one that it does not fit stays."""
        self.wait()
        self._urdf_text = urdf_text
        self._start(set(self._served), new_robot=True)

    def refresh(self) -> None:
        """Read in the background what has changed in the store since the last call."""
        if self._worker is not None and self._worker.is_alive():
            return
        new, old = self._store.fingerprints(), self._fingerprints or {}
        prepare = self._prepare and self._fingerprints is not None
        self._fingerprints = new
        changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
        self._start(changed, prepare=prepare)

    def take_changed(self) -> set[str]:
        """Return the names whose listing has changed since the last call."""
        changed = set()
        while not self._changed.empty():
            changed.add(self._changed.get())
        return changed

    def wait(self, timeout: float | None = None) -> None:
        """Wait until nothing is being read in the background, at most `timeout` [s]."""
        if self._worker is not None:
            self._worker.join(timeout)

    def _start(self, names: set[str], *, new_robot: bool = False, prepare: bool = False) -> None:
        self.wait()
        if names:
            what = (sorted(names), new_robot, prepare)
            # No daemon: one that is cut off in the middle of compiled code aborts the process.
            self._worker = threading.Thread(target=self._read, args=what)
            self._worker.start()

    def _read(self, names: list[str], new_robot: bool, prepare: bool) -> None:
        for name in names:
            if not threading.main_thread().is_alive():  # The process is ending.
                return
            listed = dict(self._listed)
            try:
                listed[name] = self._inspect(name, new_robot, prepare)
            except ModelNotFound:
                listed.pop(name, None)
                self._served.pop(name, None)
            except Exception as error:  # Whatever is wrong with it, the others are read as well.
                kind = "" if isinstance(error, ViIkError) else f"{type(error).__name__}: "
                listed[name] = ListedModel({}, "", f"{kind}{error}")
                old = self._served.get(name)
                still = f"; still serving {old.stored.digest[:12]}" if old else ""
                self._remark(f"model {name} refused: {kind}{error}{still}")
            self._listed = listed  # Exchanged as a whole: the node may be reading the old one.
            self._changed.put(name)

    def _inspect(self, name: str, new_robot: bool, prepare: bool) -> ListedModel:
        """Read a model whole; exchange the one that is served if it is another one."""
        stored, old = self._load(name), self._served.get(name)
        is_other = old is None or new_robot or old.stored.digest != stored.digest
        if is_other and (old is not None or prepare):
            self._served[name] = self._serve(stored)
            self._remark(f"model {name}: now serving {stored.digest[:12]}")
        return ListedModel(stored.document, stored.digest, "")

    def _load(self, name: str) -> StoredModel:
        """Read a model by its name; the store would take a directory as well."""
        names = self._store.names()
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            known = f"one of {', '.join(names)}" if names else "a model, but there is none"
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise ModelNotFound("model", name, known + hint)
        return self._store.load(name)

    def _serve(self, stored: StoredModel) -> ServedModel:
        return serve(
            stored,
            robot=self._robot,
            urdf_text=self._urdf_text,
            max_num_samples=self._max_num_samples,
            num_threads=self._num_threads,
        )


def serve(
    stored: StoredModel,
    *,
    robot: str = "",
    urdf_text: str = "",
    max_num_samples: int = MAX_NUM_SAMPLES,
    num_threads: int | None = None,
) -> ServedModel:
    """Join a stored model with its robot and a solver.

    Args:
        stored: the model.
        robot: robot to use in place of the model's own, an alias or a path; '' = the model's.
        urdf_text: URDF that replaces the one of that robot; '' = none.
        max_num_samples: largest num_samples of one request.
        num_threads: threads of the refiner; None: as many as a batch is worth.

    Raises:
        ModelRefused: the model was made for another robot.
        RobotError: the robot cannot be loaded.
    """
    about = stored.document["robot"]
    description = load_description(robot or about.get("spec") or about["name"])
    if urdf_text:
        description = replace(description, urdf=urdf_text)
    check_robot(stored.document, RobotModel.load(description), stored.name)  # type: ignore[arg-type]
    loaded = RobotModel.load(description, about["root"], about["tip"])
    solver = WarmStartSolver(
        loaded, stored, max_num_samples=max_num_samples, num_threads=num_threads
    )
    return ServedModel(stored, loaded, solver)
