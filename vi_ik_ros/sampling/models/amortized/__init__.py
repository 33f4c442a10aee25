# SPDX-License-Identifier: Apache-2.0
"""The parts of `AmortizedMixture`: its options, its network as trained and as served."""
