# SPDX-License-Identifier: Apache-2.0
"""Pictures and films of a tool in contact, drawn by MuJoCo without a display."""
