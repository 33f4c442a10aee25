# SPDX-License-Identifier: Apache-2.0
"""Whether objectives can be met at all and together, and if not, which of them is at fault."""

from vi_ik_ros.sampling.training.diagnosis.diagnose import Diagnosis, diagnose, explain

__all__ = ["Diagnosis", "diagnose", "explain"]
