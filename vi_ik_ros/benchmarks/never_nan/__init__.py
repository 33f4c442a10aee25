# SPDX-License-Identifier: Apache-2.0
"""Whether any objectives file, however extreme, makes a fit fail in a way that no user can read."""

from vi_ik_ros.benchmarks.never_nan.never_nan import NAME, run

__all__ = ["NAME", "run"]
