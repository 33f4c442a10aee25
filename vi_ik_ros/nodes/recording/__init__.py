# SPDX-License-Identifier: Apache-2.0
"""What runs between nodes, taken down and sent again."""
