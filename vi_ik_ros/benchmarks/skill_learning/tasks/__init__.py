# SPDX-License-Identifier: Apache-2.0
"""What is learned: formulas whose truth is known, and skills in a simulation."""
