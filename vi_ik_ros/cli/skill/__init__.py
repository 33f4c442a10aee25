# SPDX-License-Identifier: Apache-2.0
"""What `vi-ik skill` can do, an action a module."""
