# SPDX-License-Identifier: Apache-2.0
"""How far something is that takes long, and how long it will go on; on standard error."""
