# SPDX-License-Identifier: Apache-2.0
"""Which `error_code` an error becomes in an answer."""

from vi_ik_ros.exceptions import ContextError, ModelNotFound, ModelRefused, ViIkError
from vi_ik_ros.srv import SampleConfigurations

Answer = SampleConfigurations.Response

CODE_OF_CLASS: dict[type[ViIkError], int] = {
    ModelNotFound: Answer.UNKNOWN_MODEL,
    ModelRefused: Answer.MODEL_REFUSED,
    ContextError: Answer.INVALID_CONTEXT,
}
CODE_OF_FIELD: dict[str, int] = {  # For the errors that any field of a request may raise.
    "targets": Answer.INVALID_TARGET,
    "tip_offset": Answer.INVALID_TARGET,
    "header.frame_id": Answer.INVALID_FRAME,
    "tip_frame": Answer.INVALID_FRAME,
    "context": Answer.INVALID_CONTEXT,
    "num_samples": Answer.INVALID_NUM_SAMPLES,
    "position_tolerance": Answer.INVALID_TOLERANCE,
    "orientation_tolerance": Answer.INVALID_TOLERANCE,
    "distinct_tolerance": Answer.INVALID_TOLERANCE,
    "reference": Answer.INVALID_REFERENCE,
    "reference_max_distance": Answer.INVALID_REFERENCE,
}


def error_code(error: ViIkError) -> int:
    """Return the code of an error: by its class, else by the field it names."""
    field = str(getattr(error, "field", "")).split("[")[0]
    by_class = CODE_OF_CLASS.get(type(error))
    return by_class or CODE_OF_FIELD.get(field, Answer.INVALID_REQUEST)
