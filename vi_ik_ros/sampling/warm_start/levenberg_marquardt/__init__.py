# SPDX-License-Identifier: Apache-2.0
"""The compiled loops of the refiner; `refine` is their door and checks what goes in."""
