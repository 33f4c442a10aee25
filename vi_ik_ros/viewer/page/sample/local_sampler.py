# SPDX-License-Identifier: Apache-2.0
"""Samples in this process, with the solver that the sampler node has."""

from collections.abc import Sequence
from dataclasses import dataclass

from vi_ik_ros.exceptions import ModelRefused
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.store.curves.training_curve import TrainingCurve
from vi_ik_ros.sampling.store.document import check_robot
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest, WarmStartSolver
from vi_ik_ros.viewer.page.sample.sampler import SampledModel


@dataclass(frozen=True)
class _Loaded:
    """A model in use, and what its directory looked like when it was read."""

    fingerprint: tuple[int, ...]
    model: SampledModel
    solver: WarmStartSolver


class LocalSampler:
    """The models of a store; each is loaded when it is first asked for, and when it changes."""

    title = "this process"

    def __init__(self, store: ModelStore) -> None:
        """Keep the store."""
        self._store = store
        self._loaded: dict[str, _Loaded] = {}

    def model_names(self) -> Sequence[str]:
        """Return the names of the models that can be used."""
        documents = self._store.documents()
        return [name for name, one in documents.items() if not isinstance(one, ModelRefused)]

    def model(self, name: str) -> SampledModel:
        """Describe a model; see `Sampler.model`."""
        return self._load(name).model

    def curve(self, name: str) -> TrainingCurve | None:
        """Return how the fit of a model went; see `Sampler.curve`."""
        return self._store.curve(name)

    def sample(self, name: str, request: SampleRequest) -> SampleAnswer:
        """Answer a request; see `Sampler.sample`."""
        return self._load(name).solver.solve(request)

    def _load(self, name: str) -> _Loaded:
        fingerprint = self._store.fingerprints().get(name, ())
        loaded = self._loaded.get(name)
        if loaded is None or loaded.fingerprint != fingerprint:
            stored = self._store.load(name)
            about = stored.document["robot"]
            robot = RobotModel.load(about["spec"], about["root"], about["tip"])
            check_robot(stored.document, robot, name)
            solver = WarmStartSolver(robot, stored)
            model = SampledModel.of(stored, robot, refines=solver.can_refine)
            loaded = _Loaded(fingerprint, model, solver)
            self._loaded[name] = loaded
        return loaded
