# SPDX-License-Identifier: Apache-2.0
"""Experiments in a pipe, and with several copies of the network."""

from collections.abc import Iterator
import contextlib
import functools
import hashlib

import tensorflow as tf

from experiment import config
from experiment import errors
from sg import presets
from sg import table1_run
from sg.pipelined import cluster
from sg.pipelined import devices
from sg.pipelined import replicas
from sg.pipelined import trainers


class Pipelined(table1_run.Table1Run):
  """One whose segments work at the same time."""

  def __init__(self, settings: presets.Config):
    # While the pipe fills, each tick has a compiled step of its own: with the
    # tick as an argument, TensorFlow warns of too many traces.
    self._ticks = {}
    super().__init__(settings)

  def _new_trainer(self, *parts) -> trainers.Pipelined:
    try:
      return trainers.Pipelined(*parts, self._settings.placement)
    except ValueError as error:
      raise errors.UserError(f'--{error}') from error

  def _example(self) -> tf.Tensor:
    return super()._example(self._settings.batch_size)

  def _train(
      self, images: tf.Tensor, labels: tf.Tensor, step: int
  ) -> dict[str, tf.Tensor]:
    tick = self.trainer.tick(step)
    if tick not in self._ticks:
      self._ticks[tick] = tf.function(
          functools.partial(self._tick, tick), autograph=False
      )
    return self._ticks[tick](images, labels, tf.constant(step, tf.int64))

  def _tick(self, tick, images, labels, step):
    images = tf.cast(images, self._dtype)
    return self.trainer.train_step(images, labels, step, tick)


class Replicated(table1_run.Table1Run):
  """One whose batches are shared by copies of the network."""

  def __init__(self, settings: presets.Config, copies: replicas.Copies):
    """Makes the copies; other arguments are those of `Table1Run`."""
    self._copies = copies
    super().__init__(settings)
    about = config.affecting(settings), self.data_digest
    copies.agree(hashlib.sha256(repr(about).encode()).hexdigest())

  def _make_trainer(self) -> trainers.Replicated:
    with self._copies.scope():
      return super()._make_trainer()

  def _new_trainer(self, *parts) -> trainers.Replicated:
    return trainers.Replicated(*parts, self._copies.mean)

  def advance(self, step: int, until: int) -> dict[str, tf.Tensor]:
    """As `Table1Run.advance`, with those that follow."""
    self._copies.announce(step, until, self.trainer.variables)
    return super().advance(step, until)

  @tf.function(autograph=False)
  def _train_step(self, images, labels, step):
    def train(images, labels):
      return self.trainer.train_step(
          tf.cast(images, self._dtype), labels, step
      )

    return self._copies.run(train, images, labels)

  def leading(self) -> contextlib.AbstractContextManager:
    """Surrounds a run, and lets those that follow end."""
    return self._copies.leading()

  def follow(self) -> None:
    """Makes the updates that the leader of `replicas.Workers` announces."""
    with cluster.naming_lost():
      self._copies.follow(super().advance, self.trainer.variables)


def make(settings: presets.Config) -> table1_run.Table1Run:
  """Gets the devices that the settings ask for, and makes what trains on them.

  Raises:
    UserError: settings that do not go together, devices that are not there, or
      data that cannot be used.
  """
  copies = devices.prepare(settings)
  if copies is not None:
    return Replicated(settings, copies)
  if settings.pipelined:
    return Pipelined(settings)
  return table1_run.Table1Run(settings)


@contextlib.contextmanager
def running(made: table1_run.Table1Run) -> Iterator[None]:
  """Surrounds a run: names a lost machine; lets those that follow end."""
  leading = getattr(made, 'leading', contextlib.nullcontext)
  with cluster.naming_lost(), leading():
    yield
