# SPDX-License-Identifier: Apache-2.0
"""What stands in the way: links, obstacles and the distances between them."""
