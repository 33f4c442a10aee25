# SPDX-License-Identifier: Apache-2.0
"""The parts of `MixtureOfExperts` and `EmMixture`: options, wrapped angles, the trained half."""
