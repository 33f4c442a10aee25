# SPDX-License-Identifier: Apache-2.0
"""The parts of a skill file, one reader each."""
