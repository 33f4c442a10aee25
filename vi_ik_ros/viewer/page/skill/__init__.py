# SPDX-License-Identifier: Apache-2.0
"""The tab that shows what a skill has learned."""
