# SPDX-License-Identifier: Apache-2.0
"""Sends recorded requests again and compares the answers, bit by bit."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import numpy as np

from vi_ik_ros.nodes.recording.exchange import Exchange
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.srv import SampleConfigurations

Response: TypeAlias = SampleConfigurations.Response
COMPARED = tuple(name for name in Response.get_fields_and_field_types() if name != "elapsed")


class Verdict(Enum):
    """How an answer stands to the one that was recorded."""

    EQUAL = "equal"  # in every field but elapsed
    DIFFERENT = "different"
    OTHER_MODEL = "other_model"  # of another digest: nothing to compare
    FRESH_SEED = "fresh_seed"  # the request had seed 0: every answer is another one
    TIMED = "timed"  # different, but the request had a timeout
    NOT_RECORDED = "not_recorded"  # the recording has no answer


@dataclass(frozen=True)
class Played:
    """What came of one request.

    Attributes:
        verdict: how the answers compare.
        detail: where they differ, in one line; '' where they do not.
        elapsed: that the sampler took now [s].
        recorded_elapsed: that it took then [s]; NaN where no answer was recorded.
    """

    verdict: Verdict
    detail: str
    elapsed: float
    recorded_elapsed: float


def play_one(client: SamplerClient, exchange: Exchange, timeout: float) -> Played:
    """Send a request and compare its answer.

    Raises:
        NoAnswer: nothing came within `timeout` [s].
    """
    answer, recorded = client.send(exchange.request, timeout), exchange.answer
    then = float("nan") if recorded is None else recorded.elapsed
    return Played(*compare(exchange, answer), answer.elapsed, then)


def compare(exchange: Exchange, answer: Response) -> tuple[Verdict, str]:
    """Compare an answer with the recorded one; the line says what differs."""
    recorded, request = exchange.answer, exchange.request
    if recorded is None:
        return Verdict.NOT_RECORDED, ""
    if recorded.error_code != answer.error_code:
        got = f"{answer.error_code} {answer.error_msg}".strip()
        then = f"{recorded.error_code} {recorded.error_msg}".strip()
        return Verdict.DIFFERENT, f"error_code {got}, recorded {then}"
    if recorded.model_digest != answer.model_digest:
        digests = f"digest {answer.model_digest[:12]}, recorded {recorded.model_digest[:12]}"
        return Verdict.OTHER_MODEL, f"model {request.model or 'by default'}: {digests}"
    fields = [name for name in COMPARED if not _same_bits(recorded, answer, name)]
    if not fields:
        return Verdict.EQUAL, ""
    if request.seed == 0:
        return Verdict.FRESH_SEED, ""
    detail = _difference(recorded, answer, fields)
    return (Verdict.TIMED if request.timeout else Verdict.DIFFERENT), detail


def _same_bits(recorded: Response, answer: Response, name: str) -> bool:
    """Compare a field; a NaN equals itself. Serialised messages would differ in their padding."""
    then, now = np.asarray(getattr(recorded, name)), np.asarray(getattr(answer, name))
    return then.dtype == now.dtype and then.shape == now.shape and then.tobytes() == now.tobytes()


def _difference(recorded: Response, answer: Response, fields: list[str]) -> str:
    """Name the fields that differ, and by how much the configurations do."""
    line = f"{', '.join(fields)} differ"
    if "positions" not in fields:
        return line
    then, now = np.asarray(recorded.positions), np.asarray(answer.positions)
    if then.shape != now.shape:
        return f"{line}; {sum(answer.counts)} rows, recorded {sum(recorded.counts)}"
    return f"{line}; positions by up to {np.abs(then - now).max():.3g} rad or m"
