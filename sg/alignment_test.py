# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
import numpy as np
import tensorflow as tf

from sg import alignment
from sg import decoupled
from sg.modules import interface
from sg.modules import methods
from sg.networks import layers
from sg.networks import networks
from sobolev_training import testing

IMAGES = tf.random.stateless_normal([4, 8, 8, 3], [1, 2], dtype=tf.float64)
LABELS = tf.constant([0, 1, 2, 1])
SEED = np.array([3, 4])


class Known(interface.Module):
  """A module that says what it is told to."""

  def __init__(self, signal):
    super().__init__()
    self._signal = signal

  def __call__(self, h, labels):
    return self._signal(h)


def network():
  tf.random.set_seed(1)
  blocks = [
      networks.ConvBlock(2), networks.ConvBlock(3), networks.Head(3, True)
  ]
  segments = networks.cut(blocks, (1, 2))
  h = IMAGES
  for segment in segments:
    h = segment(h, layers.Statistics.BATCH)
  return segments


def true_signal(segments, cut, h):
  """By a tape from the cut to the loss."""
  with tf.GradientTape() as tape:
    tape.watch(h)
    above = h
    for segment in segments[cut:]:
      above = segment(above, layers.Statistics.BATCH)
    loss = decoupled.true_signal(above, LABELS).loss
  return loss, tape.gradient(loss, h)


class AlignmentTest(absltest.TestCase):

  def test_against_signals_that_are_known(self):
    segments = network()

    def scaled(cut, factor, turned, offset):
      def signal(h):
        loss, gradient = true_signal(segments, cut, h)
        if turned:  # The sign of half the channels: another direction.
          sign = np.ones(h.shape[-1])
          sign[0] = -1
          gradient *= sign
        return interface.Signal(loss + offset, factor * gradient)

      return signal

    found = alignment.measure(
        segments,
        [Known(scaled(1, 2.0, False, 0.25)), Known(scaled(2, 0.5, True, -1.0))],
        IMAGES, LABELS, SEED,
    )
    for name, expected in {
        'cosine_1': 1, 'norm_ratio_1': 2, 'loss_error_1': 0.25,
        'norm_ratio_2': 0.5, 'loss_error_2': 1,
    }.items():
      testing.assert_close(float(found[name]), expected, 1e-12)
    h = segments[1](
        segments[0](IMAGES, layers.Statistics.BATCH), layers.Statistics.BATCH
    )
    gradient = true_signal(segments, 2, h)[1].numpy()
    cosines = []
    for g in gradient:
      squares = (g**2).sum(axis=(0, 1))
      cosines.append((squares.sum() - 2 * squares[0]) / squares.sum())
    testing.assert_close(float(found['cosine_2']), np.mean(cosines), 1e-12)

  def test_a_segment_that_stops_gradients(self):
    segments = network()
    segments[1].blocks.append(lambda x, _: tf.stop_gradient(x))
    modules = [
        Known(lambda h: interface.Signal(None, tf.ones_like(h)))
        for _ in range(2)
    ]
    found = alignment.measure(segments, modules, IMAGES, LABELS, SEED)
    self.assertEqual(float(found['cosine_1']), 0)
    self.assertNotEqual(float(found['cosine_2']), 0)

  def test_says_which_fields_are_gradients(self):
    segments = network()
    rotation = tf.constant([[0.0, 1.0], [-1.0, 0.0]], tf.float64)
    fields = [
        Known(lambda h: interface.Signal(None, h @ rotation)),
        Known(lambda h: interface.Signal(None, 3 * h)),
    ]
    found = alignment.measure(segments, fields, IMAGES, LABELS, SEED)
    self.assertAlmostEqual(float(found['asymmetry_1']), 1, places=12)
    self.assertAlmostEqual(float(found['asymmetry_2']), 0, places=12)
    self.assertNotIn('loss_error_1', found)

  def test_how_hard_each_term_pulls(self):
    segments = network()
    for method, parts in (
        ('critic', ('loss',)), ('vfbn', ('gradient',)),
        ('sobolev', ('loss', 'gradient')),
    ):
      module = methods.make(
          method, 'cifar10', 2, 3, distance='squared_l2', gradient_weight=0.5
      )
      h = segments[0](IMAGES, layers.Statistics.BATCH)
      module(h, LABELS)
      upper = methods.make(method, 'cifar10', 2, 3)
      found = alignment.measure(
          segments, [module, upper], IMAGES, LABELS, SEED
      )
      loss, gradient = true_signal(segments, 1, h)
      for part in ('loss', 'gradient'):
        name = f'{part}_pull_1'
        self.assertEqual(name in found, part in parts)
        if part not in parts:
          continue

        @tf.function(autograph=False)
        def term(
            part=part, module=module, h=h, loss=loss, gradient=gradient
        ):
          made = module(h, LABELS)
          if part == 'loss':
            return tf.reduce_mean((made.loss - loss) ** 2)
          squares = tf.reduce_sum((made.gradient - gradient) ** 2, [1, 2, 3])
          return 0.5 * tf.reduce_mean(squares)

        squares = 0.0
        for variable in module.trainable_variables:
          start = variable.numpy()

          def moved(value, variable=variable):
            variable.assign(value)
            return float(term())

          slope = testing.central_difference(moved, start)
          variable.assign(start)
          squares += np.sum(slope**2)
        testing.assert_close(float(found[name]), squares**0.5, 1e-6)

  def test_pulls_are_towards_what_the_modules_learn(self):
    segments = network()
    modules = [methods.make('critic', 'cifar10', 2, 3) for _ in range(2)]
    true, received = (
        alignment.measure(segments, modules, IMAGES, LABELS, SEED, targets)
        for targets in decoupled.TARGETS
    )
    # The topmost module's target is the true one in both.
    self.assertEqual(float(true['loss_pull_2']), float(received['loss_pull_2']))
    self.assertNotEqual(
        float(true['loss_pull_1']), float(received['loss_pull_1'])
    )

  def test_changes_nothing_and_is_silent_where_nothing_is_predicted(self):
    segments = network()
    before = [v.numpy() for s in segments for v in s.variables]
    modules = [methods.make('noprop', 'cifar10', 2, 3) for _ in range(2)]
    self.assertEmpty(
        alignment.measure(segments, modules, IMAGES, LABELS, SEED)
    )
    for one, other in zip(
        before, (v for s in segments for v in s.variables), strict=True
    ):
      np.testing.assert_array_equal(one, other)


if __name__ == '__main__':
  absltest.main()
