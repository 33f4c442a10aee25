# SPDX-License-Identifier: Apache-2.0
"""Pictures and shapes of robots and samples, as plain data and plain files."""
