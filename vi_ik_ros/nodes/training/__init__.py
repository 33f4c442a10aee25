# SPDX-License-Identifier: Apache-2.0
"""What the trainer node is made of."""
