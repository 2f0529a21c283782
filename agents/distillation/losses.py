# SPDX-License-Identifier: Apache-2.0
"""What distillation minimises (section 4.2).

    DKL(pi || pi*) + alpha E_v |grad_s <log pi*(s), v> - grad_s <log pi(s), v>|

with v uniform on the unit sphere and the norm not squared. It is eq. 2 of the
paper, of the function s -> log pi(s): with J the Jacobian of the logits,

    grad_s <log pi, v> = J^T (v - sum(v) pi)

Axes: B batch, A actions, M projections, S... the state's.
"""

from collections.abc import Callable
import math

import tensorflow as tf

import sobolev_training as sobolev
from sobolev_training import distances

Policy = Callable[[tf.Tensor], tf.Tensor]


def student_teacher(student: tf.Tensor, teacher: tf.Tensor) -> tf.Tensor:
  """DKL(pi || pi*) in nats [B], the paper's direction.

  Args:
    student: log pi, [B, A]; gets the gradient.
    teacher: log pi*, [B, A].
  """
  return _divergence(student, teacher)


def teacher_student(student: tf.Tensor, teacher: tf.Tensor) -> tf.Tensor:
  """DKL(pi* || pi) in nats [B], the direction that is usual elsewhere."""
  return _divergence(teacher, student)


def _divergence(p: tf.Tensor, q: tf.Tensor) -> tf.Tensor:
  """DKL(p || q) [B]; what p never does (log p = -inf) adds nothing."""
  possible = p > -math.inf
  log_ratio = tf.where(possible, p - q, tf.zeros_like(p))
  return tf.reduce_sum(tf.exp(p) * log_ratio, axis=1)


DIVERGENCES = {
    function.__name__: function
    for function in (student_teacher, teacher_student)  # The paper's first.
}
# How far a recorded policy's probabilities may sum to another number than 1:
# 16-bit records of some ten actions are off by a few thousandths.
_SUM_TOLERANCE = 0.01
NORMS = ('l2', *(name for name in distances.NAMES if name != 'l2'))


def log_policy(logits: Policy) -> Policy:
  """The function from states to log pi [B, A] of one to logits."""
  return lambda states: tf.nn.log_softmax(logits(states))


def regular(
    student: Policy,
    states: tf.Tensor,
    teacher_log_policy: tf.Tensor,
    divergence: str = 'student_teacher',
) -> sobolev.SobolevLoss:
  """Regular distillation: the divergence alone, which takes no teacher.

  Args:
    student: from states to logits [B, A].
    states: [B, S...], floating.
    teacher_log_policy: log pi* there, [B, A], as it was recorded.
    divergence: a name in `DIVERGENCES`.

  Returns:
    The loss of each state, `total` [B] and by order. Gradients go to the
    student.

  Raises:
    ValueError: `teacher_log_policy` is no log policy, such as probabilities or
      logits, of which a divergence would be negative; a graph says so when it
      runs, unless XLA compiles it.
  """
  teacher_log_policy = _require_log_policy(
      'teacher_log_policy', teacher_log_policy
  )
  return sobolev.full_loss(
      log_policy(student),
      states,
      (teacher_log_policy,),
      weights=(1.0,),
      losses=_by_name(divergence),
  )


def stochastic_sobolev(
    student: Policy,
    teacher: Policy | tuple[tf.Tensor, tf.Tensor],
    states: tf.Tensor,
    projections: tf.Tensor,
    alpha: float,
    divergence: str = 'student_teacher',
    norm: str = 'l2',
) -> sobolev.SobolevLoss:
  """Distillation with Sobolev Training, by one VJP a network and projection.

  Args:
    student: from states to logits [B, A].
    teacher: likewise; or what it says there, log pi* [B, A] and
      grad_s <log pi*, v> [M, B, S...].
    states: [B, S...], floating.
    projections: v, [M, B, A] or [M, A]; their losses are averaged.
    alpha: weight of the second term, above 0.
    divergence: a name in `DIVERGENCES`.
    norm: a name in `NORMS`, of the difference of the gradients.

  Returns:
    As `regular`; the second term is of order 1.

  Raises:
    ValueError: as `regular`.
  """
  if callable(teacher):
    teacher = log_policy(teacher)
  else:
    recorded, gradients = teacher
    teacher = _require_log_policy('teacher', recorded), gradients
  return sobolev.projected_loss(
      log_policy(student),
      states,
      teacher,
      (projections,),
      weights=(1.0, alpha),
      losses=(_by_name(divergence), norm),
  )


def _require_log_policy(name: str, log_policy: tf.Tensor) -> tf.Tensor:
  """Returns what was recorded, having checked that its exp sums to 1."""
  tensor = tf.convert_to_tensor(log_policy)
  total = tf.reduce_sum(tf.exp(tensor), axis=-1)
  is_one = tf.reduce_all(tf.abs(total - 1) <= _SUM_TOLERANCE)
  message = (
      f'{name}: expected log policies, whose exp sums to 1; of logits take '
      'tf.nn.log_softmax, of probabilities tf.math.log'
  )
  if not tf.is_symbolic_tensor(is_one):
    if not is_one:
      raise ValueError(message)
    return log_policy
  check = tf.debugging.assert_equal(is_one, True, message)
  with tf.control_dependencies([check]):
    return tf.identity(tensor)


def _by_name(divergence: str) -> distances.Distance:
  if divergence not in DIVERGENCES:
    raise ValueError(
        f'divergence: expected {" or ".join(DIVERGENCES)}, got {divergence!r}'
    )
  return DIVERGENCES[divergence]
