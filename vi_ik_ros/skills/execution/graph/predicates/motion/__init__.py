# SPDX-License-Identifier: Apache-2.0
"""What is seen from where the tool is."""
