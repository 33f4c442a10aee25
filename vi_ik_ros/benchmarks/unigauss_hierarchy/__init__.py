# SPDX-License-Identifier: Apache-2.0
"""Tasks that may be given up: shares of their combinations against an exact grid."""

from vi_ik_ros.benchmarks.unigauss_hierarchy.unigauss_hierarchy import run

__all__ = ["run"]
