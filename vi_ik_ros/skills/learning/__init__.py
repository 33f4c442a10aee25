# SPDX-License-Identifier: Apache-2.0
"""How skills get better: Bayesian optimisation with unknown constraints on a factor graph."""
