# SPDX-License-Identifier: Apache-2.0
"""The target: experts, each a density on a transform of the configuration, and their product."""
