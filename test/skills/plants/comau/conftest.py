# SPDX-License-Identifier: Apache-2.0
from dataclasses import dataclass, replace

import numpy as np
import pytest

from vi_ik_ros.benchmarks.fake_controller.fake_controller import FakeController
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.skills.plants.comau.comau_plant import ComauPlant
from vi_ik_ros.skills.plants.comau.parameters import ComauParameters
from vi_ik_ros.skills.plants.comau.wrench_source import QueuedWrenches
from vi_ik_ros.skills.plants.plant import TickResult, Twist

RELATIVE = ComauParameters("127.0.0.1", 7, "base_link", "xyz")


@dataclass
class Cell:
    """A plant on a fake controller, which shares its time."""

    fake: FakeController
    plant: ComauPlant
    wrenches: QueuedWrenches

    def run(self, ticks: int, twist: Twist | None = None) -> TickResult:
        for _ in range(ticks):
            self.plant.tick(twist)
            self.fake.wait(self.plant.control_period)
        return self.plant.tick(None)

    def until_fault(self, limit: float, twist: Twist | None = None) -> TickResult:
        end = self.fake.now() + limit
        while not (outcome := self.plant.tick(twist)).faults:
            assert self.fake.now() < end, "no fault"
            self.fake.wait(self.plant.control_period)
        return outcome


@pytest.fixture(scope="session")
def racer5() -> RobotModel:
    return RobotModel.load("racer5")


@pytest.fixture
def parameters() -> ComauParameters:
    return RELATIVE


@pytest.fixture
def make_cell(racer5, parameters):
    """A function that makes a cell; the plant and the controller may differ in parameters."""
    cells = []

    def make(base: ComauParameters = parameters, **changes: object) -> Cell:
        fake = FakeController(base, racer5)
        fake.programs.path_rest = 0.2
        wrenches = QueuedWrenches()
        plant = ComauPlant(replace(fake.parameters, **changes), wrenches, fake, racer5)
        cells.append(Cell(fake, plant, wrenches))
        return cells[-1]

    yield make
    for cell in cells:
        cell.plant.close()
        cell.fake.close()


@pytest.fixture
def cell(make_cell) -> Cell:
    """A cell that streams."""
    made = make_cell()
    assert made.plant.reset(seed=0).faults == ()
    return made


def twist(*linear: float, angular: tuple[float, ...] = (0.0, 0.0, 0.0), frame="base_link") -> Twist:
    return Twist(np.array(linear), np.array(angular), frame)
