# SPDX-License-Identifier: Apache-2.0
"""Kinematic trees in torch: batched, differentiable."""
