# SPDX-License-Identifier: Apache-2.0
"""Several samplers and many clients on one machine and one model store."""

from vi_ik_ros.benchmarks.scale.scale import NAME, run

__all__ = ["NAME", "run"]
