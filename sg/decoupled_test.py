# SPDX-License-Identifier: Apache-2.0
"""One step of a cut network against central differences in float64."""

import functools

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

from sg import decoupled
from sg import training
from sg.modules import critic
from sg.modules import loss_predictor
from sg.modules import methods
from sg.modules import sobolev
from sg.modules import vfbn
from sg.networks import layers
from sg.networks import networks
from sobolev_training import testing

BATCH, CLASSES = 3, 4
PREDICTING = {
    'vfbn': vfbn.VFBN, 'critic': critic.Critic, 'sobolev': sobolev.Sobolev
}
LEARNING = ('direct_sg', 'direct_sg_plain', 'vfbn', 'critic', 'sobolev')
RANDOM = np.random.default_rng(3)
IMAGES = tf.constant(RANDOM.normal(size=(BATCH, 6, 6, 2)))
LABELS = tf.constant([2, 0, 3])


class PoolingPredictor(snt.Module):
  """A class predictor with all that double backpropagation goes through."""

  def __init__(self):
    super().__init__()
    self._convolution = layers.Convolution(3, 3, 2)
    self._norm = layers.BatchNorm()
    self._linear = layers.Linear(CLASSES)

  def __call__(self, h):
    h = self._norm(self._convolution(h), layers.Statistics.BATCH)
    h = tf.nn.max_pool2d(tf.nn.relu(h), 2, 1, padding='VALID')
    h = tf.nn.avg_pool2d(h, 2, 1, padding='SAME')
    return self._linear(snt.flatten(h))


class Block(snt.Module):
  """A function, and a variable that it does not use."""

  def __init__(self, f, variable=None):
    super().__init__()
    self._f, self.variable = f, variable

  def __call__(self, x, statistics):
    return self._f(x)


def network():
  """Three segments: convolutions, batch norm, a residual block, pooling."""
  tf.random.set_seed(1)
  blocks = [
      networks.ConvBlock(3),
      networks.Bottleneck(1, 1, project=True),
      networks.ConvBlock(3, stride=2),
      networks.Head(CLASSES, average=True),
  ]
  return networks.cut(blocks, (1, 2))


def modules_of(method, distance='squared_l2', predictor=None):
  made = []
  for _ in range(2):
    if predictor is None:
      module = methods.make(method, 'cifar10', 3, CLASSES, distance, 0.7)
    else:
      module = PREDICTING[method](
          predictor(), distance=distance, gradient_weight=0.7
      )
    made.append(module)
  return made


def step(segments, modules, **settings):
  return decoupled.step(segments, modules, IMAGES, LABELS, **settings)


def activations(segments):
  found = [IMAGES]
  for segment in segments:
    found.append(segment(found[-1], layers.Statistics.BATCH))
  return found


def randomise(modules):
  """Moves all variables, so that none is at zero."""
  for module in modules:
    for variable in module.trainable_variables:
      change = np.random.default_rng(7).normal(size=variable.shape)
      variable.assign_add(0.1 * change)


def assert_slopes(f, learned, tolerance=testing.CENTRAL_DIFFERENCE):
  """Compares gradients with central differences of f() along directions."""
  generator = np.random.default_rng(11)
  assert learned.variables
  for _ in range(3):
    along = [generator.normal(size=v.shape) for v in learned.variables]
    expected = 0.0
    for sign in (1, -1):
      for v, u in zip(learned.variables, along, strict=True):
        v.assign_add(sign * 1e-6 * u)
      expected += sign * float(f()) / 2e-6
      for v, u in zip(learned.variables, along, strict=True):
        v.assign_sub(sign * 1e-6 * u)
    actual = sum(
        float(tf.reduce_sum(g * u))
        for g, u in zip(learned.gradients, along, strict=True)
    )
    testing.assert_close(actual, expected, tolerance * 10)


def gradient_at(h, f, step=1e-5):
  """The gradient of f's sum, by central differences in one graph."""
  @tf.function(autograph=False)
  def differences(shifts):
    return tf.map_fn(
        lambda shift: tf.reduce_sum(f(h + shift) - f(h - shift)), shifts
    )

  size = int(tf.size(h))
  found = differences(step * np.eye(size).reshape(size, *h.shape)) / (2 * step)
  return found.numpy().reshape(h.shape)


def loss_and_gradient(model, h):
  """The loss of each example, and its gradient by central differences."""
  return model(h), gradient_at(h, model)


@functools.cache
def true_targets():
  """L(p_h, y) and dL(p_h, y)/dh at each cut, by central differences."""
  segments = network()
  found, h = [], activations(segments)
  for k in (1, 2):

    def loss(x, k=k):
      for segment in segments[k:]:
        x = segment(x, layers.Statistics.BATCH)
      return loss_predictor.log_loss(x, LABELS)

    found.append(loss_and_gradient(loss, h[k]))
  return found


class StepTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.segments = network()
    step(self.segments, modules_of('noprop'))  # Makes the variables.

  def expected_signals(self, modules, h):
    """Synthetic signals at each output, by central differences."""
    top = loss_and_gradient(
        lambda x: loss_predictor.log_loss(x, LABELS), h[-1]
    )
    signals = []
    for module, at in zip(modules, h[1:-1], strict=True):
      if isinstance(module, loss_predictor.LossPredictor):
        signals.append(
            loss_and_gradient(lambda x, m=module: m(x, LABELS).loss, at)
        )
      else:
        signals.append((None, module(at, LABELS).gradient.numpy()))
    return [*signals, top]

  @parameterized.parameters(*LEARNING)
  def test_a_segment_follows_its_own_signal(self, method):
    modules = modules_of(method)
    step(self.segments, modules)
    randomise(modules)
    h = activations(self.segments)
    signals = self.expected_signals(modules, h)
    found = step(self.segments, modules)
    for k, segment in enumerate(self.segments):
      def along_signal(k=k, segment=segment):
        above = segment(h[k], layers.Statistics.BATCH)
        return tf.reduce_sum(above * signals[k][1]) / BATCH

      assert_slopes(along_signal, found.segments[k], 1e-6)

  @parameterized.parameters(
      *((method, None) for method in LEARNING),
      *((method, PoolingPredictor) for method in ('vfbn', 'critic', 'sobolev')),
  )
  def test_a_module_follows_its_targets(self, method, predictor):
    modules = modules_of(method, predictor=predictor)
    step(self.segments, modules)
    randomise(modules)
    h = activations(self.segments)
    for targets in decoupled.TARGETS:
      expected = (
          true_targets()
          if targets == decoupled.TRUE
          else self.received_targets(modules, h)
      )
      found = step(self.segments, modules, targets=targets)
      for k, module in enumerate(modules):
        loss, gradient = expected[k]

        def error(
            module=module, at=h[k + 1], loss=loss, gradient=gradient
        ):
          made, value = module(at, LABELS), 0.0
          if module.learns_loss:
            value += (made.loss - loss) ** 2
          if module.learns_gradient:
            value += 0.7 * tf.reduce_sum(
                (made.gradient - gradient) ** 2, axis=(1, 2, 3)
            )
          return tf.reduce_mean(value)

        assert_slopes(error, found.modules[k], 1e-5)
        testing.assert_close(float(found.errors[k]), float(error()), 1e-6)

  def received_targets(self, modules, h):
    """What the segment above each cut makes of the signal at its output."""
    signals, found = self.expected_signals(modules, h), []
    for k, _ in enumerate(modules, 1):

      def to_cut(x, k=k):
        above = self.segments[k](x, layers.Statistics.BATCH)
        return above * signals[k][1]

      found.append((signals[k][0], gradient_at(h[k], to_cut)))
    return found

  @parameterized.parameters(*LEARNING)
  def test_segments_do_not_depend_on_the_targets(self, method):
    modules = modules_of(method)
    step(self.segments, modules)
    randomise(modules)
    true, received = (
        step(self.segments, modules, targets=targets)
        for targets in decoupled.TARGETS
    )
    for one, other in zip(true.segments, received.segments, strict=True):
      testing.assert_close(
          list(one.gradients), list(other.gradients), testing.SAME_FLOAT64
      )

  def test_backpropagation_is_the_gradient_of_the_whole(self):
    found = step(self.segments, modules_of('backprop'))

    def loss():
      logits = activations(self.segments)[-1]
      return tf.reduce_mean(loss_predictor.log_loss(logits, LABELS))

    for learned in found.segments:
      assert_slopes(loss, learned)

  def test_nothing_moves_below_a_cut_without_signal(self):
    found = step(self.segments, modules_of('noprop'))
    for learned in [*found.segments[:-1], *found.modules]:
      self.assertEmpty(learned.variables)
    self.assertNotEmpty(found.segments[-1].variables)

  @parameterized.parameters(*LEARNING)
  def test_nothing_leaks_across_a_cut(self, method):
    modules = modules_of(method)
    step(self.segments, modules)
    randomise(modules)
    before, after = [], []
    for found in (before, after):
      found.extend(
          step(self.segments, modules, targets=targets)
          for targets in decoupled.TARGETS
      )
      randomise(modules[1:])

    def changed(one, other):
      return any(
          np.any(a != b)
          for a, b in zip(one.gradients, other.gradients, strict=True)
      )

    for targets, one, other in zip(
        decoupled.TARGETS, before, after, strict=True
    ):
      moved = [
          changed(a, b)
          for a, b in zip(one.segments, other.segments, strict=True)
      ]
      # Segment 2 has its own module, and no other hears of that at this step.
      self.assertEqual(moved, [False, True, False])
      # Module 1 learns from what segment 2 sends down, or from the truth.
      self.assertEqual(
          changed(one.modules[0], other.modules[0]),
          targets == decoupled.RECEIVED,
      )

  def test_the_same_in_a_graph(self):
    modules = modules_of('sobolev', 'l1')
    step(self.segments, modules)
    eager = step(self.segments, modules)
    graph = tf.function(
        lambda: [
            learned.gradients for learned in (
                lambda found: [*found.segments, *found.modules]
            )(step(self.segments, modules))
        ],
        autograph=False,
    )()
    for learned, gradients in zip(
        [*eager.segments, *eager.modules], graph, strict=True
    ):
      testing.assert_close(
          list(learned.gradients), list(gradients), testing.SAME_FLOAT64
      )

  def test_in_bfloat16_the_updates_are_float32(self):
    segments, modules = network(), modules_of('sobolev', 'l1')
    images = tf.cast(IMAGES, tf.bfloat16)
    decoupled.step(segments, modules, images, LABELS)
    found = decoupled.step(segments, modules, images, LABELS)
    for learned in [*found.segments, *found.modules]:
      for gradient in learned.gradients:
        self.assertEqual(gradient.dtype, tf.float32)

  def test_wants_a_module_for_each_cut(self):
    with self.assertRaisesRegex(ValueError, 'modules: .*2 cuts, got 1'):
      step(self.segments, modules_of('critic')[:1])

  def test_wants_what_a_module_learns_from_the_one_above(self):
    mixed = [modules_of('critic')[0], modules_of('direct_sg')[1]]
    with self.assertRaisesRegex(
        ValueError, "^modules: critic learns the loss, .* the targets 'true'"
    ):
      step(self.segments, mixed, targets='received')
    step(self.segments, mixed)
    mixed = [modules_of('vfbn')[0], modules_of('noprop')[1]]
    with self.assertRaisesRegex(ValueError, '^modules: .* learns the gradient'):
      step(self.segments, mixed, targets='received')
    # The truth passes a cut at which nothing is learned.
    found = step(self.segments, mixed)
    truth = step(self.segments, modules_of('backprop')).targets[0].gradient
    testing.assert_close(
        found.targets[0].gradient, truth, testing.SAME_FLOAT64
    )

  def test_names_targets_that_it_does_not_know(self):
    with self.assertRaisesRegex(ValueError, '^targets: .* true or received, '):
      step(self.segments, modules_of('critic'), targets='actual')

  def test_wants_the_batch_first(self):
    segments = networks.cut(
        [
            Block(lambda x: tf.transpose(x, [1, 0, 2, 3])),
            networks.Head(CLASSES, average=True),
        ],
        (1,),
    )
    with self.assertRaisesRegex(ValueError, '^segments: .* the first axis'):
      step(segments, modules_of('critic')[:1])

  def test_segments_and_variables_with_nothing_to_learn(self):
    unused = Block(tf.nn.relu, tf.Variable(tf.ones([2], tf.float64)))
    blocks = [
        Block(tf.tanh), networks.ConvBlock(3), unused,
        networks.Head(CLASSES, average=True),
    ]
    segments = networks.cut(blocks, (1, 2, 3))
    modules = [methods.make('backprop', 'cifar10', 3, CLASSES, 'l1')] * 3
    found = step(segments, modules)
    self.assertEmpty(found.segments[0].variables)
    np.testing.assert_array_equal(found.segments[2].gradients[0], [0, 0])
    with tf.GradientTape() as tape:
      h = tf.tanh(IMAGES)
      for segment in segments[1:]:
        h = segment(h, layers.Statistics.BATCH)
      loss = tf.reduce_mean(decoupled.true_signal(h, LABELS).loss)
    testing.assert_close(
        list(found.segments[1].gradients),
        tape.gradient(loss, segments[1].trainable_variables),
        testing.SAME_FLOAT64,
    )
    optimisation = training.Optimisation(0.1, 0.9, (), 0.0, 0.1)
    trainer = training.Trainer(segments, modules, optimisation)
    trainer.initialise(IMAGES)
    trainer.train_step(IMAGES, LABELS, tf.constant(0, tf.int64))
    np.testing.assert_array_equal(unused.variable, [1, 1])


if __name__ == '__main__':
  absltest.main()
