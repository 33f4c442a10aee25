# SPDX-License-Identifier: Apache-2.0
"""Trainers and samplers that are killed at random moments, and what is left of their work."""

from vi_ik_ros.benchmarks.crash_safety.crash_safety import NAME, run

__all__ = ["NAME", "run"]
