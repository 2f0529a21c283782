# SPDX-License-Identifier: Apache-2.0
"""How close to a teacher a policy can come that does not look at the state.

`log_policy` is log pi*, [N, A]. Axes: N states, A actions.
"""

import numpy as np
from scipy import special


def student_teacher(log_policy: np.ndarray) -> float:
  """The least mean DKL(p || pi*) over states, in nats, of one p for all.

  It is that of p ~ exp(mean log pi*), which makes it

      min_p 1/N sum_s DKL(p || pi*(s)) = -log sum_a exp(1/N sum_s log pi*(a|s))
  """
  means = np.mean(np.asarray(log_policy, np.float64), axis=0)
  return float(-special.logsumexp(means))


def teacher_student(log_policy: np.ndarray) -> float:
  """The least mean DKL(pi* || p), in nats: that of the mean of pi*."""
  policy = np.exp(np.asarray(log_policy, np.float64))
  negative_entropies = np.sum(special.xlogy(policy, policy), axis=1)
  mean = policy.mean(axis=0)
  return float(negative_entropies.mean() - special.xlogy(mean, mean).sum())


# By the name of the divergence, as in `losses.DIVERGENCES`.
LEAST = {
    function.__name__: function
    for function in (student_teacher, teacher_student)
}
