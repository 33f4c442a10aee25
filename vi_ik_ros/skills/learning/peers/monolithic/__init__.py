# SPDX-License-Identifier: Apache-2.0
"""What the rivals share: one cost model, one success model, one search, one recommendation."""
