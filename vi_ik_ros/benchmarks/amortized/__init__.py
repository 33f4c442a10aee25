# SPDX-License-Identifier: Apache-2.0
"""Amortized mixtures on arms of several roles, beside simpler models of the same budget."""

from vi_ik_ros.benchmarks.amortized.amortized import run

__all__ = ["run"]
