# SPDX-License-Identifier: Apache-2.0
"""The one loop from objectives to a stored model."""
