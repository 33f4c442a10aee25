# SPDX-License-Identifier: Apache-2.0
"""One call of `~/intersect` or `~/connectivity`; an error becomes a code and a line."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from vi_ik_ros.exceptions import ModelNotFound, RequestError, ViIkError
from vi_ik_ros.nodes.sampling.conversions import graph_to_msg, intersection_to_msg
from vi_ik_ros.nodes.sampling.error_codes import error_code
from vi_ik_ros.nodes.sampling.served_models import ServedModels
from vi_ik_ros.sampling.models.mixture_algebra import CONNECTED, overlap_graph
from vi_ik_ros.sampling.store.intersection import intersect
from vi_ik_ros.sampling.store.model_store import ModelStore, is_model_name
from vi_ik_ros.srv import Connectivity, IntersectModels

Response = TypeVar("Response", Connectivity.Response, IntersectModels.Response)


@dataclass(frozen=True)
class MixtureServices:
    """What `~/intersect` and `~/connectivity` do.

    Attributes:
        models: the models that the node serves.
        store: where they lie, and where a product is written.
        default_model: the model that an empty name stands for; '' = none.
        on_fault: called with an exception that nobody foresaw.
    """

    models: ServedModels
    store: ModelStore
    default_model: str
    on_fault: Callable[[Exception], None]

    def intersect(self, request: IntersectModels.Request) -> IntersectModels.Response:
        """Multiply two models and store the product."""
        return self._answer(IntersectModels.Response, lambda: self._intersect(request))

    def connectivity(self, request: Connectivity.Request) -> Connectivity.Response:
        """Tell which components of a model have mass in common."""
        return self._answer(Connectivity.Response, lambda: self._connectivity(request))

    def _answer(self, kind: type[Response], work: Callable[[], Response]) -> Response:
        started = time.perf_counter()
        try:
            response = work()
        except ViIkError as error:
            return kind(error_code=error_code(error), error_msg=str(error))
        except Exception as error:  # A fault of ours must not end the node.
            self.on_fault(error)
            line = " ".join(f"{type(error).__name__}: {error}".split())
            return kind(error_code=kind.INTERNAL, error_msg=line)
        response.elapsed = time.perf_counter() - started
        return response

    def _intersect(self, request: IntersectModels.Request) -> IntersectModels.Response:
        if not is_model_name(request.name):
            raise RequestError("name", request.name, "1 to 64 of a-z, 0-9 and _")
        if not request.replace and request.name in self.store.names():
            raise RequestError("name", request.name, "a new name, or replace: true")
        first, second = (self.models.get(n).stored for n in (request.first, request.second))
        result = intersect(first, second, max_components=request.max_components or None)
        digest = self.store.write(self.store.root / request.name, result.mixture, result.document)
        self.models.wait()
        self.models.refresh()
        self.models.wait()  # Whoever has the answer can ask for the product.
        return intersection_to_msg(result, digest)

    def _connectivity(self, request: Connectivity.Request) -> Connectivity.Response:
        name = request.model or self.default_model
        if not name:
            raise ModelNotFound("model", "", "a name, because the node has no default_model")
        stored = self.models.get(name).stored
        graph = overlap_graph(stored.model, threshold=request.threshold or CONNECTED)
        return graph_to_msg(graph, stored.digest)
