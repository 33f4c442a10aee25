# SPDX-License-Identifier: Apache-2.0
"""Inverse kinematics of a planar arm by a joint Gaussian mixture, by the protocol of its source."""

from vi_ik_ros.benchmarks.gmm_ik.gmm_ik import NAME, run

__all__ = ["NAME", "run"]
