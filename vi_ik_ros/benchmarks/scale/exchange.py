# SPDX-License-Identifier: Apache-2.0
"""A model that is exchanged in the store of many samplers while all of them are asked."""

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from vi_ik_ros.benchmarks.report import Row, mean_row
from vi_ik_ros.benchmarks.scale.crowd import ask_together
from vi_ik_ros.benchmarks.scale.fleet import Fleet
from vi_ik_ros.benchmarks.scale.load import REQUIRED, Cell, askings, failures
from vi_ik_ros.benchmarks.scale.questions import MODEL, Questions
from vi_ik_ros.nodes.sampling.served_models import serve
from vi_ik_ros.sampling.store.atomic_directory import write_directory
from vi_ik_ros.sampling.store.model_reader import StoredModel, model_digest
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.store.schema import DOCUMENT_FILE, WEIGHTS_FILE

PARTS, PART = 2, 4.0  # before and after [s]; samplers look at the store each second


def exchange_rows(
    fleet: Fleet, cell: Cell, store: ModelStore, questions: Questions, *, part: float = PART
) -> list[Row]:
    """Write the same weights with another description: another digest, the same answers.

    Args:
        fleet: the samplers.
        cell: how many; each sampler has a client.
        store: their store, which holds no model of its own yet.
        questions: what is asked.
        part: time before and time after [s].
    """
    begin = time.process_time()
    served_here = serve(store.load(MODEL), num_threads=1)
    reload = time.process_time() - begin
    files, fresh = _redescribed(served_here.stored)

    def at_part(index: int) -> float:
        if index == 1:
            store.root.mkdir(parents=True, exist_ok=True)
            write_directory(store.root / MODEL, files)
        return time.perf_counter()

    known = replace(questions, digests=(*questions.digests, fresh))
    crowd = ask_together(askings(fleet, cell), known, parts=PARTS, part=part, at_part=at_part)
    written, name = crowd.read[1], f"model exchanged under {cell.name}"
    new = [np.array([digest == fresh for digest in h.digests], dtype=bool) for h in crowd.heard]
    later = [h.finished[is_new] for h, is_new in zip(crowd.heard, new, strict=True)]
    served = np.array([times.min() - written for times in later if len(times)])
    backwards = sum(int((np.diff(is_new.astype(int)) < 0).sum()) for is_new in new)
    longest = max(heard.latency.max(initial=0.0) for heard in crowd.heard)
    return [
        mean_row(name, "until a sampler serves the new model [s]", served),
        Row(name, "until the last one does [s]", float(max(served, default=np.nan))),
        Row(name, "samplers that served it", len(served), None, cell.samplers, REQUIRED),
        Row(name, "one reload, in this process [CPU s]", reload),
        Row(name, "longest answer [ms]", 1e3 * longest),
        *failures(name, crowd),
        Row(name, "answers of the old model after the new one", backwards, None, 0, REQUIRED),
    ]


def _redescribed(stored: StoredModel) -> tuple[Mapping[str, bytes], str]:
    """Return the files of the same model with another digest, and that digest."""
    files = {name: (stored.path / name).read_bytes() for name in (DOCUMENT_FILE, WEIGHTS_FILE)}
    files[DOCUMENT_FILE] += b"\n"  # the digest is that of the bytes
    return files, model_digest(files[DOCUMENT_FILE], stored.document["weights"]["sha256"])
