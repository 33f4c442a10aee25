# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between a controller and its client, switched on and off."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Disturbances:
    """What is done to the states on their way; nothing at first.

    Attributes:
        silent: none is sent.
        held: they are kept back, and sent all at once when this ends.
        age: subtracted from the time that they carry [s].
        garbled: states to replace by random bytes.
        lost_bytes: to leave out of the next one.
        pieces: that each is sent in, one at a time.
        refusing: whether connections are closed as soon as they are made.
    """

    silent: bool = False
    held: bool = False
    age: int = 0
    garbled: int = 0
    lost_bytes: int = 0
    pieces: int = 1
    refusing: bool = False

    def distort(self, packet: bytes, rng: np.random.Generator) -> bytes:
        """Return what is sent of a packet."""
        if self.garbled:
            self.garbled -= 1
            packet = rng.bytes(len(packet))
        lost, self.lost_bytes = self.lost_bytes, 0
        return packet[lost:]

    def split(self, data: bytes) -> list[bytes]:
        """Cut bytes into the pieces that they are sent in."""
        size = -(-len(data) // self.pieces) or 1
        return [data[i : i + size] for i in range(0, len(data), size)]
