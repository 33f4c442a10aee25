# SPDX-License-Identifier: Apache-2.0
"""Episodes as files of other tools."""
