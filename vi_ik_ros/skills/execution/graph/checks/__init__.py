# SPDX-License-Identifier: Apache-2.0
"""What is looked at before a skill touches anything."""
