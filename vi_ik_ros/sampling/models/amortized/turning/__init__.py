# SPDX-License-Identifier: Apache-2.0
"""Joints that can turn all the way round: densities of one turn, answers on all of them."""
