# SPDX-License-Identifier: Apache-2.0
"""The control loop: what happens in each control period, and what takes many of them."""
