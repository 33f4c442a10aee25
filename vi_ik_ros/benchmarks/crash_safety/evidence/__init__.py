# SPDX-License-Identifier: Apache-2.0
"""What is looked at after a kill, each kind in a file of its own."""
