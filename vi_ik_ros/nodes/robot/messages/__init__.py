# SPDX-License-Identifier: Apache-2.0
"""Messages to our types and back."""
