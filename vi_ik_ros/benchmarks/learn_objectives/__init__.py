# SPDX-License-Identifier: Apache-2.0
"""Objectives learned from demonstrations, beside densities of the same data."""

from vi_ik_ros.benchmarks.learn_objectives.learn_objectives import run

__all__ = ["run"]
