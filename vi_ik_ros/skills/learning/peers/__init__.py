# SPDX-License-Identifier: Apache-2.0
"""Rivals of the factor graph: each sees a skill as one function of all its parameters."""
