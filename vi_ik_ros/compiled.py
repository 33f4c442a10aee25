# SPDX-License-Identifier: Apache-2.0
"""How a loop becomes machine code, once for each machine."""

import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from numba import njit

# Sums may be re-associated and fused; NaN and infinity keep their meaning.
FAST = {"contract", "reassoc", "arcp", "nsz"}

inner = njit(nogil=True, fastmath=FAST, forceinline=True)
"""Decorate a function that only compiled functions call."""


def compiled(signature: str, *modules: ModuleType) -> Callable[[Callable], Callable]:
    """Compile a function for one signature; keep the code beside the source or in the user's cache.

    Where neither place can be written the function is compiled again in each process.

    Args:
        signature: Types of the arguments, as numba writes them.
        modules: The modules whose `inner` functions it calls. The cache alone would not notice a
            change in them, so their digest becomes part of the name under which the code is kept.
    """
    files = [__file__, *(inspect.getfile(module) for module in modules)]
    digest = hashlib.sha256(b"".join(Path(file).read_bytes() for file in files)).hexdigest()[:12]

    def decorate(function: Callable) -> Callable:
        function.__qualname__ += f"_{digest}"
        try:
            return njit(signature, nogil=True, fastmath=FAST, cache=True)(function)
        except (RuntimeError, OSError):  # no place for a cache
            return njit(signature, nogil=True, fastmath=FAST)(function)

    return decorate
