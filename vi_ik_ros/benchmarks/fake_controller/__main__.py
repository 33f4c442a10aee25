# SPDX-License-Identifier: Apache-2.0
"""Run a fake controller to try the COMAU backend against; Ctrl-C ends it."""

import argparse
import math

from vi_ik_ros.benchmarks.fake_controller.fake_controller import FakeController
from vi_ik_ros.skills.plants.comau.parameters import (
    DEVIATION_FRAMES,
    ROTATION_ORDERS,
    ComauParameters,
)


def main() -> None:
    """Serve the three ports in real time."""
    parser = argparse.ArgumentParser(prog="python -m vi_ik_ros.benchmarks.fake_controller")
    parser.add_argument("--sensor-type", type=int, default=7, help="5-9 relative, 10-13 absolute")
    parser.add_argument("--deviation-frame", choices=DEVIATION_FRAMES, default="base_link")
    parser.add_argument("--rotation-order", choices=ROTATION_ORDERS, default="xyz")
    parser.add_argument("--motion-port", type=int, default=1101)
    parser.add_argument("--state-port", type=int, default=1104)
    parser.add_argument("--command-port", type=int, default=1105)
    words = parser.parse_args()
    parameters = ComauParameters(
        "127.0.0.1", words.sensor_type, words.deviation_frame, words.rotation_order
    )
    ports = {
        "motion": words.motion_port,
        "state": words.state_port,
        "command": words.command_port,
    }
    with FakeController(parameters, ports=ports) as fake:
        print(f"a fake COMAU controller on 127.0.0.1, ports {fake.ports}", flush=True)
        try:
            fake.run(math.inf)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
