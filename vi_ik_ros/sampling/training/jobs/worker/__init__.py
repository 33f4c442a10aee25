# SPDX-License-Identifier: Apache-2.0
"""A process that does one fit, or learns one objectives file, and tells how it goes.

`python -m vi_ik_ros.sampling.training.jobs.worker` reads one line of JSON from standard input:

* `{"kind": "train", "job": TrainingJob.to_plain(), "directory": DIR, "resume": bool}`: fit into
  DIR, whose last part is the model's name; checkpoints lie in `DIR.partial/`.
* `{"kind": "check", "job": ...}`: all checks of a fit, then end.
* `{"kind": "learn", "document": {...}, "demonstrations": F.npz, "fields": [...],
  "options": {fields of LearnOptions}}`: F.npz holds `q` (n, nq) and `joint_names`.

All may have `threads` (default 1) and `nice` (default 19, which makes way for every other process);
a fit `command`, which the model keeps.

Events are lines of JSON on standard output, which holds nothing else; numbers may be NaN:

* `checked`: family, device, warnings, objectives_digest, num_dims, resumed, note ('' or why a fit
  that was to be resumed begins afresh).
* `progress`: the fields of `FitProgress`, at most ten times a second.
* `step`: step, log_likelihood, shift, noise, effective_points, while objectives are learned.
* `fitted`: digest, scores, steps, seconds.
* `learned`: document, values {name: {value, start, stderr}}, log_likelihood, held_out and
  held_out_stderr (NaN where nothing was held out), num_demonstrations, effective_points, converged,
  steps, seconds, remarks.
* `refused`: kind (objectives, settings, demonstrations, store, internal), field, message.
* `stopped`: SIGTERM came; `checkpoint` tells whether one of this moment was kept.

The exit code is 0 after all of them but `refused`, then 2, or 1 for the kind `internal`. The
process ends by itself when its standard input closes.
"""
