# SPDX-License-Identifier: Apache-2.0
"""The tab that watches a training, and looks into stored models."""
