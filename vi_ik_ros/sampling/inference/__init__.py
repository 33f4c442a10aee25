# SPDX-License-Identifier: Apache-2.0
"""How a model is fitted: one algorithm a file, any target that answers `log_density`."""
