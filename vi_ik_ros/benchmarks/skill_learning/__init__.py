# SPDX-License-Identifier: Apache-2.0
"""How many episodes optimisers need to learn a contact skill."""

from vi_ik_ros.benchmarks.skill_learning.skill_learning import run

__all__ = ["run"]
