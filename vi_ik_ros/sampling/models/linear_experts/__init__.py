# SPDX-License-Identifier: Apache-2.0
"""The parts of `MixtureOfExperts`: its options, and its parameters as trained."""
