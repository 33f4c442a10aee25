# SPDX-License-Identifier: Apache-2.0
"""The components of mixtures, as inference moves them."""
