# SPDX-License-Identifier: Apache-2.0
"""The live page in a headless browser."""

from vi_ik_ros.benchmarks.page.page import run

__all__ = ["run"]
