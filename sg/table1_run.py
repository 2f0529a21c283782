# SPDX-License-Identifier: Apache-2.0
"""A cut network, its data, and what to do with them step by step."""

import functools

import sonnet as snt
import tensorflow as tf

from experiment import errors
from experiment import seeds
from sg import alignment
from sg import presets
from sg import training
from sg.data import datasets
from sg.modules import interface
from sg.modules import methods
from sg.networks import layers
from sg.networks import networks

_TEST_BATCH = 500

_CUTS = {
    'cifar10': networks.CIFAR10_CUTS, 'resnet50': networks.RESNET50_CUTS
}


class Table1Run:
  """One run of section 4.3.

  Attributes:
    steps: updates.
    data_digest: the data set's.
    trainer: trains the network.
  """

  def __init__(self, settings: presets.Config):
    """Opens the data and makes the networks, their variables included.

    Raises:
      UserError: a setting or the data cannot be used.
    """
    self._settings = settings
    self._data = datasets.open_dataset(
        settings.dataset, settings.data, settings.image_size
    )
    if settings.validation:
      self._data = self._data.validating(settings.validation)
    if self._data.classes != settings.classes:
      raise errors.UserError(
          f'--classes={settings.classes}: the data has {self._data.classes}: '
          f'give --classes={self._data.classes}, or other --data'
      )
    self.data_digest = self._data.digest
    self._epoch_steps = self._data.train_size / settings.batch_size
    self.steps = max(1, round(settings.epochs * self._epoch_steps))
    self._dtype = tf.as_dtype(settings.precision)
    self._batches, self._position = None, -1
    self.trainer = self._make_trainer()

  def _make_trainer(self) -> training.Trainer:
    """Makes the network, the modules, their optimisers and all variables."""
    settings = self._settings
    optimisation = training.Optimisation(
        learning_rate=settings.learning_rate,
        momentum=settings.momentum,
        drops=tuple(round(d * self.steps) for d in settings.drops),
        l2=settings.l2,
        module_learning_rate=settings.adam_learning_rate,
        targets=settings.targets,
        warmup=round(settings.warmup * self._epoch_steps),
    )
    trainer = self._new_trainer(*make_network(settings), optimisation)
    tf.random.set_seed(int(seeds.stateless(settings.seed, 'weights')[0]))
    trainer.initialise(self._example())
    return trainer

  def _new_trainer(self, *parts) -> training.Trainer:
    return training.Trainer(*parts)

  def _example(self, size: int = 2) -> tf.Tensor:
    """Images to make variables with."""
    return tf.zeros([size, *self._data.image_shape], self._dtype)

  def advance(self, step: int, until: int) -> dict[str, tf.Tensor]:
    """Makes the updates from `step` to `until`; returns the last one's."""
    if self._position != step:
      batches = self._data.train(
          self._settings.batch_size, self._settings.seed, step
      )
      self._batches = iter(batches)
    scalars = {}
    with datasets.reading():
      for index in range(step, until):
        scalars = self._train(*next(self._batches), index)
    self._position = until
    return scalars

  def _train(
      self, images: tf.Tensor, labels: tf.Tensor, step: int
  ) -> dict[str, tf.Tensor]:
    """Makes an update with a batch; returns its scalars."""
    return self._train_step(images, labels, tf.constant(step, tf.int64))

  @tf.function(autograph=False)
  def _train_step(self, images, labels, step):
    return self.trainer.train_step(
        tf.cast(images, self._dtype), labels, step
    )

  def evaluate(self, step: int) -> dict[str, tf.Tensor | float]:
    """Measures accuracy, and compares synthetic with true gradients."""
    with datasets.reading():
      right = [
          self._right(*batch) for batch in self._data.test(_TEST_BATCH)
      ]
    top1, top5 = 100 * tf.reduce_sum(right, axis=0) / self._data.test_size
    split = self._settings.split
    found = {
        'epoch': step / self._epoch_steps,
        f'{split}top1': top1,
        f'{split}top5': top5,
        **self.trainer.read_means(),
    }
    if self._settings.aligned:
      found.update(self._align(*self._aligned))
    return found

  @functools.cached_property
  def _aligned(self) -> tuple[tf.Tensor, tf.Tensor]:
    with datasets.reading():
      return next(iter(self._data.test(self._settings.aligned)))

  @tf.function(autograph=False)
  def _right(self, images, labels):
    """How many of a batch have the label first, and among the first five.

    Ties count, of which bfloat16 has more than float32.
    """
    h = tf.cast(images, self._dtype)
    for segment in self.trainer.segments:
      h = segment(h, layers.Statistics.AVERAGE)
    return tf.stack([
        tf.reduce_sum(tf.cast(tf.math.in_top_k(labels, h, k), tf.float32))
        for k in (1, 5)
    ])

  @tf.function(autograph=False)
  def _align(self, images, labels):
    # In float32 whatever the precision of training: what is compared is small.
    return alignment.measure(
        self.trainer.segments, self.trainer.modules, images, labels,
        seeds.stateless(self._settings.seed, 'asymmetry'),
        self._settings.targets,
    )


def make_network(
    settings: presets.Config,
) -> tuple[list[snt.Module], list[interface.Module]]:
  """Returns the segments of the network, and the module of each cut.

  Raises:
    UserError: the network cannot be cut so often.
  """
  cuts = _CUTS[settings.network]
  if settings.cuts not in cuts:
    raise errors.UserError(
        f'--cuts={settings.cuts}: expected one of {", ".join(map(str, cuts))} '
        f'for --network={settings.network}'
    )
  at, classes = cuts[settings.cuts], settings.classes
  if settings.network == 'cifar10':
    blocks = networks.cifar10(settings.width, classes)
  else:
    blocks = networks.resnet50(
        settings.width, classes, settings.stem_pooling, settings.zero_residuals
    )
  segments = networks.cut(blocks, at)
  modules = [
      methods.make(
          settings.method, settings.network, settings.module_channels, classes,
          settings.module_distance, settings.gradient_weight,
      )
      for _ in at
  ]
  return segments, modules
