# SPDX-License-Identifier: Apache-2.0
"""The other end of the topics, for programs that use a robot."""
