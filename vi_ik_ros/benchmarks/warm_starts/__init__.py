# SPDX-License-Identifier: Apache-2.0
"""Starts of one refiner for poses of an arm: where they come from, what they come to."""
