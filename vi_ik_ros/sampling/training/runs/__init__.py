# SPDX-License-Identifier: Apache-2.0
"""The fits of the families, one a file, and the loop that runs them."""
