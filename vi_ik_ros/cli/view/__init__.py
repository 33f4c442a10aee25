# SPDX-License-Identifier: Apache-2.0
"""What `vi-ik view` gives to the page."""
