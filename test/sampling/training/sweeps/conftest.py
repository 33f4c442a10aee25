# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest
import yaml

from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.training.sweeps.sweep_config import SweepConfig, read_sweep

LINE = str(share_dir() / "config" / "objectives" / "planar2_line.yaml")


@pytest.fixture
def read(tmp_path: Path):
    """Read a sweep from keys, which replace those of a valid one; None removes a key."""

    def call(objectives: str = LINE, **keys: object) -> SweepConfig:
        values = {"model": "m", "num_trials": 4, "search": {"num_components": [2, 4]}}
        values |= {"objectives": objectives, **keys}
        kept = {key: value for key, value in values.items() if value is not None}
        path = tmp_path / "sweep.yaml"
        path.write_text(yaml.safe_dump(kept))
        return read_sweep(path)

    return call
