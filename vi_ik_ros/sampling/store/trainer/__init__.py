# SPDX-License-Identifier: Apache-2.0
"""What a trainer keeps on the disk: its queue and its demonstrations."""
