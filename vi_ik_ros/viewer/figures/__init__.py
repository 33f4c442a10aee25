# SPDX-License-Identifier: Apache-2.0
"""Panels that pictures of distributions are put together from."""
