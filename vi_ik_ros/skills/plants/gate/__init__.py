# SPDX-License-Identifier: Apache-2.0
"""What a safety gate keeps in mind: the last command, and where the tool has been sent."""
