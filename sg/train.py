"""Trains one cut network of section 4.3.

    ./bazelw run //sg:train -- --preset=laptop-cifar10 --method=sobolev
"""

import functools
import pathlib

from absl import flags
import tensorflow as tf

from sg import alignment
from sg import datasets
from sg import layers
from sg import networks
from sg import presets
from sg import training
from sg.modules import methods
from sobolev_training.experiment import config
from sobolev_training.experiment import environment
from sobolev_training.experiment import errors
from sobolev_training.experiment import loop
from sobolev_training.experiment import run_folder
from sobolev_training.experiment import seeds

_TEST_BATCH = 500

_NETWORKS = {
    'cifar10': (networks.cifar10, networks.CIFAR10_CUTS),
    'resnet50': (networks.resnet50, networks.RESNET50_CUTS),
}


class Experiment:
  """A cut network, its data, and what to do with them step by step."""

  def __init__(self, settings: presets.Config):
    """Opens the data and makes the networks, their variables included.

    Raises:
      UserError: a setting or the data cannot be used.
    """
    self._settings = settings
    self._data = datasets.open_dataset(
        settings.dataset, settings.data, settings.image_size
    )
    self.steps = max(
        1,
        round(settings.epochs * self._data.train_size / settings.batch_size),
    )
    self._dtype = tf.as_dtype(settings.precision)
    self._batches, self._position = None, -1
    self.trainer = training.Trainer(
        *make_network(settings, self._data.classes),
        training.Optimisation(
            learning_rate=settings.learning_rate,
            momentum=settings.momentum,
            drops=tuple(round(d * self.steps) for d in settings.drops),
            l2=settings.l2,
            module_learning_rate=settings.module_learning_rate,
            true_loss=settings.true_loss,
        ),
    )
    tf.random.set_seed(int(seeds.stateless(settings.seed, 'weights')[0]))
    self.trainer.initialise(
        tf.zeros([2, *self._data.image_shape], self._dtype)
    )

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
        batch = next(self._batches)
        scalars = self._train(*batch, tf.constant(index, tf.int64))
    self._position = until
    return scalars

  def evaluate(self, step: int) -> dict[str, tf.Tensor | float]:
    """Tests, and compares synthetic with true gradients."""
    epoch = step * self._settings.batch_size / self._data.train_size
    right = [
        self._right(*batch) for batch in self._data.test(_TEST_BATCH)
    ]
    top1, top5 = 100 * tf.reduce_sum(right, axis=0) / self._data.test_size
    found = {
        'epoch': epoch, 'top1': top1, 'top5': top5,
        **self.trainer.read_means(),
    }
    if self._settings.aligned:
      found.update(self._align(*self._aligned))
    return found

  @functools.cached_property
  def _aligned(self) -> tuple[tf.Tensor, tf.Tensor]:
    return next(iter(self._data.test(self._settings.aligned)))

  @tf.function
  def _train(self, images, labels, step):
    return self.trainer.train_step(
        tf.cast(images, self._dtype), labels, step
    )

  @tf.function
  def _right(self, images, labels):
    """How many of a batch have the label first, and among the first five."""
    h = tf.cast(images, self._dtype)
    for segment in self.trainer.segments:
      h = segment(h, layers.Statistics.AVERAGE)
    return tf.stack([
        tf.reduce_sum(tf.cast(tf.math.in_top_k(labels, h, k), tf.float32))
        for k in (1, 5)
    ])

  @tf.function
  def _align(self, images, labels):
    # In float32 whatever the precision of training: what is compared is small.
    return alignment.measure(
        self.trainer.segments, self.trainer.modules, images, labels,
        seeds.stateless(self._settings.seed, 'asymmetry'),
    )


def make_network(settings: presets.Config, classes: int):
  """Returns the segments of the network, and the module of each cut.

  Raises:
    UserError: the network cannot be cut so often.
  """
  make, cuts = _NETWORKS[settings.network]
  if settings.cuts not in cuts:
    raise errors.UserError(
        f'--cuts={settings.cuts}: expected one of {", ".join(map(str, cuts))} '
        f'for --network={settings.network}'
    )
  at = cuts[settings.cuts]
  segments = networks.cut(make(settings.width, classes), at)
  modules = [
      methods.make(
          settings.method, settings.network, settings.module_channels, classes,
          settings.distance, settings.gradient_weight,
      )
      for _ in at
  ]
  return segments, modules


def evaluation_steps(steps: int, count: int) -> list[int]:
  """`count` steps, evenly spaced; the last is among them."""
  return sorted({max(1, round(steps * k / count)) for k in range(1, count + 1)})


def train(
    settings: presets.Config, path: pathlib.Path, resume: bool,
    quiet: bool = False,
) -> Experiment:
  """Runs one setting in a run folder, and returns what was trained.

  Args:
    settings: the settings.
    path: the run's folder.
    resume: whether to go on with what is there.
    quiet: whether to show no progress.

  Raises:
    UserError: a setting or the data cannot be used, or training diverged.
  """
  with run_folder.open_run(path, settings, resume) as run:
    threads = settings.threads or environment.usable_cores()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    experiment = Experiment(settings)
    loop.run(
        run,
        experiment.steps,
        experiment.advance,
        experiment.evaluate,
        evaluation_steps(experiment.steps, settings.evaluations),
        trackables={'trainer': experiment.trainer},
        checkpoint_seconds=settings.checkpoint_seconds,
        quiet=quiet,
    )
  return experiment


def main(_):
  given = config.given(presets.Config)
  settings = presets.Config(
      **{**presets.PRESETS[flags.FLAGS.preset], **given}
  )
  experiment = train(settings, flags.FLAGS.output, flags.FLAGS.resume)
  found = experiment.evaluate(experiment.steps)
  print(
      f'{settings.method} seed {settings.seed}: top-1 {found["top1"]:.2f} %, '
      f'top-5 {found["top5"]:.2f} %'
  )


if __name__ == '__main__':
  config.define_flags(presets.Config)
  flags.DEFINE_enum(
      'preset',
      'paper-cifar10',
      list(presets.PRESETS),
      'Settings to start from; flags given beside it go before its own.',
  )
  run_folder.define_flags('runs/sg')
  errors.run_main(main)
