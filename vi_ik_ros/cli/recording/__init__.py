# SPDX-License-Identifier: Apache-2.0
"""Files of `vi-ik record` and `vi-ik play`."""
