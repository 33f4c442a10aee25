# SPDX-License-Identifier: Apache-2.0
"""Ask a sampler node for configurations of the Panda: `python examples/sample_client.py`.

Start the node before, with `vi-ik up` or `ros2 launch vi_ik_ros bringup.launch.py`. With --smoke
the example starts one itself, for tests.
"""

import os
import sys
from contextlib import nullcontext

import rclpy
from geometry_msgs.msg import Point, Pose, Quaternion
from rclpy.node import Node

from vi_ik_ros.nodes.processes.node_process import NodeProcess, private_environment, running
from vi_ik_ros.srv import SampleConfigurations


def main() -> int:
    """Send one request and print the rows of its answer."""
    smoke = "--smoke" in sys.argv
    if smoke:
        os.environ.update(private_environment())
    rclpy.init()
    node = Node("sample_client")
    client = node.create_client(SampleConfigurations, "/sampler/sample")
    with running(NodeProcess("sampler")) if smoke else nullcontext():
        if not client.wait_for_service(timeout_sec=60.0):
            sys.exit("no sampler node: start one with `vi-ik up`")
        target = Pose(position=Point(x=0.45, y=0.05, z=0.35), orientation=Quaternion(x=1.0))
        target.orientation.w = 0.0
        request = SampleConfigurations.Request(num_samples=5, refine=True, distinct_tolerance=0.2)
        request.targets = [target]  # Pose of panda_link8 in panda_link0.
        future = client.call_async(request)
        rclpy.spin_until_future_complete(node, future, timeout_sec=60.0)
    answer = future.result()
    if answer is None or answer.error_code != answer.NONE:
        sys.exit(answer.error_msg if answer else "no answer")
    num_joints = len(answer.joint_names)
    print(*answer.joint_names, "log q", sep="\t")
    for row, log_prob in enumerate(answer.log_prob):
        q = answer.positions[row * num_joints : (row + 1) * num_joints]
        print(*(f"{angle:.3f}" for angle in q), f"{log_prob:.2f}", sep="\t")
    rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
