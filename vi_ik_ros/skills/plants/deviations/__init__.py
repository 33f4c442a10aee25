# SPDX-License-Identifier: Apache-2.0
"""What an arm must be able to do from where an episode begins: every deviation of the tool."""
