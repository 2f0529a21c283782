# SPDX-License-Identifier: Apache-2.0
"""Data parallelism: a batch is shared by copies of the network, one a device.

Each copy takes its part of the batch and normalises with that part's own
statistics; gradients, and the averages of batch normalisation, are reduced to
their means, so that all copies stay the same. Every worker reads the whole
batch and takes its part of that: simple, and exact when resumed, at the cost of
decoding all images everywhere.

On one machine it is Sonnet's `Replicator`, a `MirroredStrategy`. Across
machines it is a `MultiWorkerMirroredStrategy` that only reduces. Sonnet's
optimisers do not run under that: `check_distribution_strategy` raises for any
strategy but OneDeviceStrategy and Sonnet's own two, because they update
variables that are local to a replica and Sonnet has no such strategy for
several machines. So each process there has one device and variables of its own,
outside of the strategy, and only tensors go through it.
"""

import abc
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import os
from typing import Any

import sonnet as snt
import tensorflow as tf

from experiment import errors
from experiment import progress
from experiment import reading
from sg.pipelined import cluster

_END = (-1, -1)


def read_tf_config() -> tuple[int, int]:
  """Reads the environment variable TF_CONFIG; UserError if it is wrong.

  Returns:
    The number of this process among the workers, from 0, and how many there
    are.
  """
  try:
    found = reading.parse_json(os.environ['TF_CONFIG'])
    jobs = {*found['cluster'], found['task'].get('type', 'worker')}
    if jobs != {'worker'}:  # Such as a chief, who would lead as well.
      raise ValueError
    return int(found['task']['index']), len(found['cluster']['worker'])
  except (AttributeError, KeyError, TypeError, ValueError) as error:
    raise errors.UserError(
        'TF_CONFIG: expected {"cluster": {"worker": ["host:port", ...]}, '
        '"task": {"type": "worker", "index": ...}}, got '
        f'{os.environ["TF_CONFIG"]!r}'
    ) from error


class Copies(abc.ABC):
  """The copies of a network."""

  def scope(self) -> contextlib.AbstractContextManager:
    """Where to make the variables."""
    return contextlib.nullcontext()

  @abc.abstractmethod
  def run(
      self, train: Callable[..., Any], images: tf.Tensor, labels: tf.Tensor
  ) -> Any:
    """Calls `train(images, labels)` with each copy's part of a batch."""

  @abc.abstractmethod
  def mean(self, values: Any) -> Any:
    """The means over the copies of a nest of tensors."""

  def agree(self, digest: str) -> None:
    """Raises UserError in all processes if they have other checksums.

    Args:
      digest: hexadecimal, of the settings and the data.
    """
    del digest  # One process agrees with itself.

  def announce(
      self, step: int, until: int, variables: Sequence[tf.Variable]
  ) -> None:
    """Tells the followers which steps to make next."""
    del step, until, variables  # One process has none.

  @contextlib.contextmanager
  def leading(self) -> Iterator[None]:
    """Lets the followers end, after a block that went well or was stopped."""
    yield


class Mirrored(Copies):
  """Copies on several devices of this machine."""

  def __init__(self, devices: Sequence[str]):
    self._count = len(devices)
    self._strategy = snt.distribute.Replicator(
        devices, cross_device_ops=tf.distribute.ReductionToOneDevice()
    )

  def scope(self) -> contextlib.AbstractContextManager:
    return self._strategy.scope()

  def run(
      self, train: Callable[..., Any], images: tf.Tensor, labels: tf.Tensor
  ) -> Any:
    def of_replica():
      context = tf.distribute.get_replica_context()
      index = context.replica_id_in_sync_group
      return train(*_part((images, labels), index, self._count))

    # After the reduction all replicas have the same.
    return tf.nest.map_structure(
        lambda value: self._strategy.experimental_local_results(value)[0],
        self._strategy.run(of_replica),
    )

  def mean(self, values: Any) -> Any:
    return _all_reduce(tf.distribute.ReduceOp.MEAN, values)


class Workers(Copies):
  """Copies in several processes, which TF_CONFIG lists.

  Task 0 leads: it alone has a run folder. The others follow: they take its
  variables, and then make the steps that it announces.
  """

  def __init__(self, count: int):
    """Connects the processes, and waits for all of them.

    Raises:
      UserError: TF_CONFIG has another number of workers, or one of them has
        several GPUs.
    """
    self._task, workers = read_tf_config()
    if workers != count:
      raise errors.UserError(
          f'--replicas={count}: TF_CONFIG has {workers} workers: give '
          f'--replicas={workers} to all of them'
      )
    self._count, self._equal = count, False
    progress.write(f'warning: {cluster.WARNING}')
    self._strategy = tf.distribute.MultiWorkerMirroredStrategy()
    devices = self._strategy.num_replicas_in_sync
    if devices != count:
      raise errors.UserError(
          f'--replicas={count}: {devices} GPUs in {count} processes: start one '
          'for each GPU, with its number alone in CUDA_VISIBLE_DEVICES'
      )

  def run(
      self, train: Callable[..., Any], images: tf.Tensor, labels: tf.Tensor
  ) -> Any:
    return train(*_part((images, labels), self._task, self._count))

  def mean(self, values: Any) -> Any:
    return self._strategy.run(
        _all_reduce, (tf.distribute.ReduceOp.MEAN, values)
    )

  def agree(self, digest: str) -> None:
    own = tf.one_hot(
        self._task, self._count, int(digest[:15], 16), dtype=tf.int64
    )
    found = self._sum(own).numpy().tolist()
    others = [task for task, one in enumerate(found) if one != found[0]]
    if others:
      raise errors.UserError(
          f'--replicas={self._count}: worker {others[0]} has other settings or '
          'data than worker 0: give all of them the same'
      )

  def announce(
      self, step: int, until: int, variables: Sequence[tf.Variable]
  ) -> None:
    self._from_leader([tf.constant([step, until])])
    self._equalise(variables)

  @contextlib.contextmanager
  def leading(self) -> Iterator[None]:
    interrupted = None
    try:
      yield
    except errors.Interrupted as error:  # Between two steps.
      interrupted = error
    # After any other error the followers may be inside a step, and would wait
    # for this process there: they end when it does.
    self._from_leader([tf.constant(_END)])
    if interrupted:
      raise interrupted

  def follow(
      self,
      advance: Callable[[int, int], object],
      variables: Sequence[tf.Variable],
  ) -> None:
    """Makes the steps that are announced, until the leader ends."""
    while True:
      (said,) = self._from_leader([tf.constant(_END)])
      step, until = said.numpy().tolist()
      if (step, until) == _END:
        return
      self._equalise(variables)
      advance(step, until)

  def _equalise(self, variables: Sequence[tf.Variable]) -> None:
    """Once, as the leader may have got its variables from a checkpoint."""
    if not self._equal:
      for variable, value in zip(
          variables, self._from_leader(list(variables)), strict=True
      ):
        variable.assign(value)
      self._equal = True

  @tf.function(autograph=False)
  def _from_leader(self, values: Sequence[Any]) -> Sequence[tf.Tensor]:
    """The leader's values, in all processes."""
    values = map(tf.identity, values)
    if self._task > 0:
      values = map(tf.zeros_like, values)
    # One by one, as one reduction takes tensors of one type.
    return [self._sum(value) for value in values]

  @tf.function(autograph=False)
  def _sum(self, value: tf.Tensor) -> tf.Tensor:
    return self._strategy.run(
        _all_reduce, (tf.distribute.ReduceOp.SUM, value)
    )


def _part(
    batch: Sequence[tf.Tensor], index: int, count: int
) -> list[tf.Tensor]:
  """The part of a batch, tensors [B, ...], that is a copy's."""
  size = batch[0].shape[0] // count
  return [tensor[index * size : (index + 1) * size] for tensor in batch]


def _all_reduce(op: tf.distribute.ReduceOp, values: Any) -> Any:
  # A copy made here has a device, as the reduction wants it.
  values = tf.nest.map_structure(tf.identity, values)
  return tf.distribute.get_replica_context().all_reduce(op, values)
