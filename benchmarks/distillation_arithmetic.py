# SPDX-License-Identifier: Apache-2.0
"""How much a distilled student's update has to multiply and add."""

from collections.abc import Callable
import math

import tensorflow as tf

from agents.a3c import networks as teacher_networks
from agents.atari import network_input
from agents.atari import preprocessing
from agents.distillation import dataset
from agents.distillation import losses
from agents.distillation import networks
from benchmarks import multiply_adds


def regular(num_actions: int) -> int:
  """The multiply-adds of a state in an update of regular distillation."""
  return _count(num_actions, losses.regular)


def sobolev(num_actions: int) -> int:
  """The same with Sobolev Training and one projection, asking the teacher."""
  teacher = teacher_networks.make_teacher(num_actions, seed=0)

  def loss(student, points, vectors):
    return losses.stochastic_sobolev(
        student, lambda x: teacher.of_points(x).logits, points, vectors, 1.0
    )

  return _count(num_actions, loss)


def sobolev_with_jacobian(num_actions: int) -> int:
  """The same where the teacher's Jacobian is recorded, with its projection."""

  def loss(student, points, vectors):
    # Any tensors of these shapes: sums cost no multiply-add that is counted.
    teacher = vectors, points[None]
    return losses.stochastic_sobolev(student, teacher, points, vectors, 1.0)

  return _count(num_actions, loss) + num_actions * math.prod(dataset.POINTS)


def _count(num_actions: int, loss: Callable) -> int:
  """Those of an update on `loss(student, points, policy or projection)`."""
  student = networks.make_student(num_actions, seed=0)

  def gradients(points, other):
    with tf.GradientTape() as tape:
      total = loss(student, points, other).total
    return tape.gradient(total, student.trainable_variables)

  pictures = tf.zeros([1, *preprocessing.SHAPE], tf.uint8)
  points = tf.TensorSpec(network_input.points(pictures).shape)
  other = tf.TensorSpec([1, num_actions])
  return multiply_adds.of_call(gradients, points, other)
