# SPDX-License-Identifier: Apache-2.0
"""Refine configurations of a kinematic tree against several tasks at once."""
