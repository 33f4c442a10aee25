# SPDX-License-Identifier: Apache-2.0
"""What models share that are options and arrays of the shapes that the options name."""
