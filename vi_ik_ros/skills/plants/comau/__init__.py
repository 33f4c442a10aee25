# SPDX-License-Identifier: Apache-2.0
"""A COMAU arm behind the TCP sensor tracking of its C5G controller; see docs/comau.md."""
