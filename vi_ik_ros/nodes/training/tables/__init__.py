# SPDX-License-Identifier: Apache-2.0
"""Where each key of an objectives file stands in a message: one table for both directions."""
