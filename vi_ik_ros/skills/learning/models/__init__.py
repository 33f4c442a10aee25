# SPDX-License-Identifier: Apache-2.0
"""What is believed of a skill: Gaussian processes of costs and constraints, and of success."""
