# SPDX-License-Identifier: Apache-2.0
"""The pipe against a simulation with messages in plain queues."""

import collections
import functools

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sg import training
from sg.modules import loss_predictor
from sg.modules import methods
from sg.networks import layers
from sg.networks import networks
from sg.pipelined import pipeline
from sg.pipelined import trainers
from sobolev_training import testing

BATCH, CLASSES, TICKS = 3, 4, 7
DEVICES = ('/CPU:0', '/CPU:1', '/CPU:2')
METHODS = ('noprop', 'direct_sg_plain', 'vfbn', 'critic', 'sobolev')
OPTIMISATION = training.Optimisation(
    learning_rate=0.125, momentum=0.9, drops=(4,), l2=0.01,
    module_learning_rate=0.02, targets='received',
)
RANDOM = np.random.default_rng(5)
IMAGES = RANDOM.normal(size=(TICKS, BATCH, 6, 6, 2))
LABELS = RANDOM.integers(CLASSES, size=(TICKS, BATCH), dtype=np.int32)


def setUpModule():
  tf.config.set_logical_device_configuration(
      tf.config.list_physical_devices('CPU')[0],
      3 * [tf.config.LogicalDeviceConfiguration()],
  )


def parts(method):
  """A network of three segments, and its modules."""
  tf.random.set_seed(1)
  blocks = [
      networks.ConvBlock(3),
      networks.ConvBlock(4, stride=2),
      networks.Head(CLASSES, average=True),
  ]
  modules = [
      methods.make(method, 'cifar10', 3, CLASSES, 'squared_l2', 0.7)
      for _ in range(2)
  ]
  return networks.cut(blocks, (1, 2)), modules


def piped(method, placement=()):
  segments, modules = parts(method)
  trainer = trainers.Pipelined(segments, modules, OPTIMISATION, placement)
  trainer.initialise(tf.constant(IMAGES[0]))
  return trainer


def run(trainer, start=0, until=TICKS, compiled=False):
  """Runs ticks and returns the scalars of each."""
  steps, found = {}, []
  for step in range(start, until):
    tick = trainer.tick(step)
    if tick not in steps:
      train = functools.partial(trainer.train_step, tick=tick)
      steps[tick] = tf.function(train, autograph=False) if compiled else train
    found.append(steps[tick](
        tf.constant(IMAGES[step]), tf.constant(LABELS[step]),
        tf.constant(step, tf.int64),
    ))
  return found


def numbers(trainer):
  return [v.numpy() for part in learning(trainer) for v in part.variables]


def learning(trainer):
  return [*trainer.segments, *(m for m in trainer.modules if m.learns)]


def single(number):
  """A setting as Sonnet's optimisers take it, rounded to float32."""
  return float(np.float32(number))


class Momentum:
  """SGD with momentum and L2 penalty, in NumPy."""

  def __init__(self):
    self._velocity = collections.defaultdict(float)

  def apply(self, variables, gradients, tick):
    rate = 0.125 * (single(0.1) if tick >= 4 else 1)
    for i, (v, g) in enumerate(zip(variables, gradients, strict=True)):
      value = v.numpy()
      g = g.numpy() + (0.01 * value if value.ndim > 1 else 0)
      self._velocity[i] = single(0.9) * self._velocity[i] + g
      v.assign(value - rate * self._velocity[i])


class Adam:
  """Adam, in NumPy."""

  def __init__(self):
    self._m = collections.defaultdict(float)
    self._v = collections.defaultdict(float)
    self._count = 0

  def apply(self, variables, gradients, tick):
    del tick
    self._count += 1
    b1, b2 = single(0.9), single(0.999)
    for i, (v, g) in enumerate(zip(variables, gradients, strict=True)):
      g = g.numpy()
      self._m[i] = b1 * self._m[i] + (1 - b1) * g
      self._v[i] = b2 * self._v[i] + (1 - b2) * g**2
      m = self._m[i] / (1 - b1**self._count)
      second = np.sqrt(self._v[i] / (1 - b2**self._count))
      v.assign(v.numpy() - single(0.02) * m / (second + single(1e-8)))


class Simulation:
  """Workers that take a message from a queue at each tick, if there is one.

  Each message carries the number of its batch and how many updates each worker
  had made when it computed its part.
  """

  def __init__(self, method):
    self.segments, self.modules = parts(method)
    h = tf.constant(IMAGES[0])
    for k, segment in enumerate(self.segments):
      h = segment(h, layers.Statistics.BATCH)
      if k < 2:
        self.modules[k](h, LABELS[0])
    self.up = [collections.deque() for _ in range(3)]
    self.down = [collections.deque() for _ in range(2)]
    self.kept = [{} for _ in range(2)]
    self.optimisers = [Momentum() for _ in range(3)], [Adam() for _ in range(2)]
    self.updates = [0, 0, 0]
    self.losses, self.staleness = {}, {}

  def tick(self, t):
    self.up[0].append((t, tf.constant(IMAGES[t]), []))
    ready = (
        [queue.popleft() if queue else None for queue in self.up],
        [queue.popleft() if queue else None for queue in self.down],
    )
    changes = []
    for k, message in enumerate(ready[0]):
      if message is not None:
        changes.append(self.run_segment(k, t, *message))
    for k, message in enumerate(ready[1]):
      if message is not None:
        changes.append(self.run_module(k, t, *message))
    for apply, variables, gradients in changes:  # After all have read.
      if gradients is not None:
        apply(variables, gradients, t)
    for k, message in enumerate(ready[0]):
      self.updates[k] += message is not None

  def run_segment(self, k, t, batch, h, made_with):
    segment = self.segments[k]
    labels = LABELS[batch]
    with tf.GradientTape(persistent=True) as tape:
      tape.watch(h)
      above = segment(h, layers.Statistics.TRAIN)
      if k == 2:
        loss = loss_predictor.log_loss(above, labels)
    if k == 2:
      gradient = tape.gradient(loss, above)
      self.losses[t] = np.mean(loss)
    else:
      loss, gradient = self.modules[k](above, labels)
      self.up[k + 1].append((batch, above, [*made_with, self.updates[k]]))
      self.kept[k][batch] = above, self.updates[k]
    self.staleness['input', k] = max(
        [self.updates[j] - then for j, then in enumerate(made_with)], default=0
    )
    variables, gradients = segment.trainable_variables, None
    if gradient is not None:
      gradients = tape.gradient(
          above, [*variables, h], output_gradients=gradient / BATCH
      )
      below = BATCH * gradients.pop()
    if k and self.modules[k - 1].learns:
      self.down[k - 1].append((batch, loss, below, self.updates[k]))
    return self.optimisers[0][k].apply, variables, gradients

  def run_module(self, k, t, batch, loss, gradient, then):
    del t
    module = self.modules[k]
    h, kept_then = self.kept[k].pop(batch)
    self.staleness['kept', k] = self.updates[k] - kept_then
    self.staleness['target', k] = self.updates[k + 1] - then
    with tf.GradientTape() as tape:
      made = module(h, LABELS[batch])
      error = tf.zeros([BATCH], h.dtype)
      if module.learns_loss:
        error += (made.loss - loss) ** 2
      if module.learns_gradient:
        error += 0.7 * tf.reduce_sum((made.gradient - gradient) ** 2, (1, 2, 3))
      error = tf.reduce_mean(error)
    variables = module.trainable_variables
    return self.optimisers[1][k].apply, variables, tape.gradient(
        error, variables
    )


class PipelineTest(parameterized.TestCase):

  @parameterized.parameters(*METHODS)
  def test_as_workers_with_queues(self, method):
    trainer, simulation = piped(method, DEVICES), Simulation(method)
    for k, part in enumerate(trainer.segments):
      for variable in part.variables:
        self.assertEndsWith(variable.device, f'CPU:{k}')
    # Only in a graph could something be sent before all was read.
    scalars = run(trainer, compiled=method in ('noprop', 'critic'))
    for t in range(TICKS):
      simulation.tick(t)
    # Adam's step is as long for a gradient near zero, so that rounding grows.
    testing.assert_close(numbers(trainer), numbers(simulation), 1e-7)
    self.assertEqual(scalars[:2], [{}, {}])  # Nothing has come through yet.
    for t in range(2, TICKS):
      testing.assert_close(
          float(scalars[t]['train_loss']), simulation.losses[t], 1e-6
      )
    if method != 'noprop':
      for (what, k), expected in simulation.staleness.items():
        found = pipeline.staleness(k + 1, 3)
        self.assertEqual(getattr(found, what), expected, (what, k))

  def test_segments_do_not_wait_for_each_other(self):
    trainer = piped('sobolev', DEVICES)
    graph = tf.function(
        lambda *batch: trainer.train_step(*batch, tick=3), autograph=False
    ).get_concrete_function(
        tf.constant(IMAGES[0]), tf.constant(LABELS[0]), tf.constant(9, tf.int64)
    ).graph
    heavy = ('Conv2D', 'MatMul')

    def before(op, seen):
      """All operations that one waits for, itself included."""
      stack = [op]
      while stack:
        op = stack.pop()
        if op not in seen:
          seen.add(op)
          stack += [*(x.op for x in op.inputs), *op.control_inputs]
      return seen

    work = [op for op in graph.get_operations() if op.type.startswith(heavy)]
    self.assertGreater(len(work), 20)
    for op in work:
      self.assertNotEmpty(op.device)
      for earlier in before(op, set()):
        if earlier.type.startswith(heavy):
          self.assertEqual(earlier.device, op.device)

  def test_a_checkpoint_holds_what_is_under_way(self):
    whole, resumed = piped('critic'), piped('critic')
    run(whole, until=4)
    path = tf.train.Checkpoint(t=whole).write(
        self.create_tempdir().full_path + '/saved'
    )
    run(whole, start=4)
    for part in learning(resumed):
      for variable in part.variables:
        variable.assign(tf.zeros_like(variable))
    tf.train.Checkpoint(t=resumed).read(path).assert_consumed()
    run(resumed, start=4)
    for a, b in zip(numbers(whole), numbers(resumed), strict=True):
      np.testing.assert_array_equal(a, b)

  def test_what_is_restored_before_it_is_made(self):
    whole = piped('sobolev')
    run(whole, until=4)
    folder = self.create_tempdir().full_path
    path = tf.train.Checkpoint(t=whole).write(folder + '/saved')
    segments, modules = parts('sobolev')
    later = trainers.Pipelined(segments, modules, OPTIMISATION)
    restored = tf.train.Checkpoint(t=later).read(path)
    later.initialise(tf.constant(IMAGES[0]))
    later.initialise(tf.constant(IMAGES[0]))
    restored.assert_consumed()
    for trainer in (whole, later):
      run(trainer, start=4)
    for a, b in zip(numbers(whole), numbers(later), strict=True):
      np.testing.assert_array_equal(a, b)

  def test_bfloat16(self):
    segments, modules = parts('sobolev')
    trainer = trainers.Pipelined(segments, modules, OPTIMISATION)
    images = tf.cast(IMAGES, tf.bfloat16)
    trainer.initialise(images[0])
    for tick in range(5):
      scalars = trainer.train_step(
          images[tick], LABELS[tick], tf.constant(tick, tf.int64),
          trainer.tick(tick),
      )
    self.assertTrue(all(np.isfinite(v) for v in scalars.values()))

  def test_says_what_is_wrong(self):
    with self.assertRaisesRegex(ValueError, 'pipelined: .*backprop'):
      pipeline.Pipeline(*parts('backprop'))
    with self.assertRaisesRegex(ValueError, 'placement: .*3 segments, got 2'):
      pipeline.Pipeline(*parts('critic'), DEVICES[:2])
    with self.assertRaisesRegex(ValueError, "^targets: .*'received' in a"):
      trainers.Pipelined(
          *parts('critic'), OPTIMISATION._replace(targets='true')
      )
    trainer = piped('critic')
    with self.assertRaisesRegex(ValueError, r'^tick: .*trainer.tick\(step\)'):
      trainer.train_step(IMAGES[0], LABELS[0], tf.constant(0, tf.int64))
    segments, (lower, _) = parts('critic')
    modules = [lower, parts('noprop')[1][1]]
    trainer = trainers.Pipelined(segments, modules, OPTIMISATION)
    trainer.initialise(tf.constant(IMAGES[0]))
    with self.assertRaisesRegex(ValueError, '^modules: .* learns the loss'):
      for tick in range(4):
        trainer.train_step(
            tf.constant(IMAGES[tick]), tf.constant(LABELS[tick]),
            tf.constant(tick, tf.int64), trainer.tick(tick),
        )


if __name__ == '__main__':
  absltest.main()
