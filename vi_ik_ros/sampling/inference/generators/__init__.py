# SPDX-License-Identifier: Apache-2.0
"""The losses that generators are trained by, one family a file."""
