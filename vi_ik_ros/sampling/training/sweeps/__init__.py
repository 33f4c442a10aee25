# SPDX-License-Identifier: Apache-2.0
"""A search over families and settings on Ray Tune; only modules in here import ray."""
