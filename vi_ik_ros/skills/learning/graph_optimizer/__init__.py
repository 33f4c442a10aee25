# SPDX-License-Identifier: Apache-2.0
"""Bayesian optimisation with unknown constraints on the graph of a skill."""
