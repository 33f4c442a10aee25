# SPDX-License-Identifier: Apache-2.0
"""The live page of `vi-ik view`, by viser: only this folder imports it."""
