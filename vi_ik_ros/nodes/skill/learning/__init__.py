# SPDX-License-Identifier: Apache-2.0
"""Learning runs on the robot: goals, what is told while they go on, and results."""
