# SPDX-License-Identifier: Apache-2.0
"""How much a distilled student's update has to multiply and add."""

from collections.abc import Callable

import numpy as np
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
  student = networks.make_student(num_actions, seed=0)
  policy = tf.TensorSpec([1, num_actions])

  def loss(points, log_policy):
    return losses.regular(student, points, log_policy).total

  return _count(_gradients(student, loss), policy)


def sobolev(num_actions: int) -> int:
  """Of one with Sobolev Training and one projection, asking the teacher."""
  student = networks.make_student(num_actions, seed=0)
  teacher = teacher_networks.make_teacher(num_actions, seed=0)
  projection = tf.TensorSpec([1, num_actions])

  def loss(points, vectors):
    return losses.stochastic_sobolev(
        student, lambda x: teacher.of_points(x).logits, points, vectors, 1.0
    ).total

  return _count(_gradients(student, loss), projection)


def sobolev_with_jacobian(num_actions: int) -> int:
  """Of one whose teacher's Jacobian is at hand, with what that multiplies."""
  student = networks.make_student(num_actions, seed=0)
  projection = tf.TensorSpec([1, num_actions])

  def loss(points, vectors):
    # Any tensors of these shapes: sums cost no multiply-add that is counted.
    teacher = vectors, points[None]
    return losses.stochastic_sobolev(
        student, teacher, points, vectors, 1.0
    ).total

  rows = num_actions * int(np.prod(dataset.POINTS))
  return _count(_gradients(student, loss), projection) + rows


def _gradients(
    student: networks.Student, loss: Callable[..., tf.Tensor]
) -> Callable[..., list[tf.Tensor]]:
  def gradients(*arguments):
    with tf.GradientTape() as tape:
      total = loss(*arguments)
    return tape.gradient(total, student.trainable_variables)

  return gradients


def _count(function: Callable[..., list[tf.Tensor]], other) -> int:
  pictures = tf.zeros([1, *preprocessing.SHAPE], tf.uint8)
  points = tf.TensorSpec(network_input.points(pictures).shape)
  compiled = tf.function(function, autograph=False)
  graph = compiled.get_concrete_function(points, other).graph
  return multiply_adds.count(graph).total()
