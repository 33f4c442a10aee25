# SPDX-License-Identifier: Apache-2.0
"""Gaussian processes, and what approximates them when all that is known of a point is a label."""
