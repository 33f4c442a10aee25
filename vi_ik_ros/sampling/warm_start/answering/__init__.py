# SPDX-License-Identifier: Apache-2.0
"""The parts of an answer: request, targets, terms, rounds of proposals, rows found, verdict."""
