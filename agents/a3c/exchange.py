"""What the machines that train one teacher exchange.

The leader's process is a TensorFlow server. A variable or queue that has a name
there is found by this name from every process that is connected to it. So both
sides make an `Exchange`, and mean the same by

    parameters    float32 [P], as the leader's last update left them
    gradients     a queue of what the others found out, `Found`
    state         whether there is something to do
    settings      by which all play, JSON

Axes: P numbers in all parameters, S scalars, K games that have ended.
"""

from collections.abc import Sequence
import enum
import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from experiment import cluster

_JOB = 'leader'
_DEVICE = f'/job:{_JOB}/task:0/device:CPU:0'
_TYPES = (tf.float32, tf.string, tf.float32, tf.float32)


class Found(NamedTuple):
  """What a worker found out in a rollout.

  Attributes:
    gradients: float32 [P].
    names: string [S], of the scalars.
    values: float32 [S].
    scores: float32 [K].
  """

  gradients: tf.Tensor
  names: tf.Tensor
  values: tf.Tensor
  scores: tf.Tensor


class State(enum.IntEnum):
  """Of the training."""

  STARTING = 0
  RUNNING = 1
  ENDED = 2


def lead(address: str, setting: str) -> None:
  """Makes this process the leader; before TensorFlow computes anything.

  Args:
    address: host:port, at which it listens.
    setting: where that is from.

  Raises:
    UserError: it cannot listen there.
  """
  cluster.join({_JOB: [address]}, _JOB, 0, setting)


def follow(address: str, setting: str, seconds: float) -> None:
  """Connects to a leader; before TensorFlow computes anything.

  Args:
    address: the leader's.
    setting: where that is from.
    seconds: how long to wait for it.

  Raises:
    UserError: it does not answer.
  """
  way_out = 'start //agents:train_teacher there, with this --address'
  cluster.wait_for(address, setting, way_out, seconds)
  # The leader need not find this machine: that only ever asks, and sends.
  cluster.join({_JOB: [address]}, 'follower', 0, setting)


class Exchange:
  """The values by their names, from either side."""

  def __init__(self):
    with tf.device(_DEVICE):
      self._parameters = _handle('parameters', tf.float32, [None])
      self._state = _handle('state', tf.int32, [])
      self._settings = _handle('settings', tf.string, [])
      self._queue = tf.raw_ops.FIFOQueueV2(
          component_types=_TYPES, shared_name='gradients'
      )

  # The leader's side.

  def start(self, settings: str, parameters: Sequence[tf.Variable]) -> None:
    """Lets the others play."""
    _assign(self._settings, tf.constant(settings))
    self.publish(parameters)
    _assign(self._state, tf.constant(State.RUNNING))

  def publish(self, parameters: Sequence[tf.Variable]) -> None:
    """Lets the others see the parameters."""
    _assign(self._parameters, flatten(parameters))

  def receive(self) -> Found | None:
    """Waits for what another machine found out; None after the end."""
    found = Found(*tf.raw_ops.QueueDequeueV2(
        handle=self._queue, component_types=_TYPES
    ))
    return found if tf.size(found.gradients) else None

  def end(self) -> None:
    """Lets the others end, and whoever waits in `receive`."""
    _assign(self._state, tf.constant(State.ENDED))
    self.send(Found(*(tf.zeros([0], kind) for kind in _TYPES)))

  # The other machines' side.

  def state(self) -> State:
    """Where the training is."""
    with tf.device(_DEVICE):
      if not tf.raw_ops.VarIsInitializedOp(resource=self._state).numpy():
        return State.STARTING
      return State(_read(self._state, tf.int32).numpy())

  def settings(self) -> str:
    """What `start` was given."""
    with tf.device(_DEVICE):
      return _read(self._settings, tf.string).numpy().decode()

  def parameters(self) -> np.ndarray:
    """float32 [P]."""
    with tf.device(_DEVICE):
      return _read(self._parameters, tf.float32).numpy()

  def send(self, found: Found) -> None:
    """Leaves for the leader what was found out."""
    with tf.device(_DEVICE):
      tf.raw_ops.QueueEnqueueV2(handle=self._queue, components=found)

  def waiting(self) -> int:
    """How much the leader has not yet received."""
    with tf.device(_DEVICE):
      return int(tf.raw_ops.QueueSizeV2(handle=self._queue).numpy())


def flatten(tensors: Sequence[tf.Tensor | tf.Variable]) -> tf.Tensor:
  """All numbers of several tensors, [P]."""
  return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], 0)


def unflatten(
    vector: tf.Tensor, like: Sequence[tf.Tensor | tf.Variable]
) -> list[tf.Tensor]:
  """The tensors, in the shapes of others, that `flatten` made a vector of."""
  shapes = [tensor.shape for tensor in like]
  parts = tf.split(vector, [math.prod(shape) for shape in shapes])
  return [
      tf.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)
  ]


def _handle(name: str, dtype: tf.DType, shape: list[int | None]) -> tf.Tensor:
  return tf.raw_ops.VarHandleOp(dtype=dtype, shape=shape, shared_name=name)


def _assign(handle: tf.Tensor, value: tf.Tensor) -> None:
  tf.raw_ops.AssignVariableOp(resource=handle, value=value)


def _read(handle: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
  return tf.raw_ops.ReadVariableOp(resource=handle, dtype=dtype)
