# SPDX-License-Identifier: Apache-2.0
"""The networks that one run trains: their data, state and test error.

Axis letters: E networks, N points, D input.
"""

from concurrent import futures
import time
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from experiment import errors
from regression import datasets
from regression import networks
from regression import training

# Steps of a call for which the batches' indices are drawn; a call may stop
# earlier, and the compiled program is the same for all.
CALL_STEPS = 500
_POINTS = 10_000  # That are predicted at a time, for memory.


class Member(NamedTuple):
  """One network of the ensemble: what it learns, and its seed."""

  function: str
  seed: int


class Units(NamedTuple):
  """Each network's units: x = x_mean + x_scale x', y = y_mean + y_scale y'.

  By the chain rule a gradient is y_scale / x_scale times the one in x', y'.

  Attributes:
    x_mean: [E, 1, D].
    x_scale: [E, 1, D].
    y_mean: [E, 1].
    y_scale: [E, 1].
  """

  x_mean: np.ndarray
  x_scale: np.ndarray
  y_mean: np.ndarray
  y_scale: np.ndarray

  def standardise(self, data: datasets.Dataset) -> datasets.Dataset:
    """The ensemble's data [E, N, ...] in its units."""
    return datasets.Dataset(
        (data.x - self.x_mean) / self.x_scale,
        (data.y - self.y_mean) / self.y_scale,
        data.gradient * (self.x_scale / self.y_scale[..., np.newaxis]),
    )


def _units(data: datasets.Dataset, standardise: bool) -> Units:
  """Units in which the training points have mean 0 and deviation 1, or raw."""
  arrays = []
  for array in (data.x, data.y):
    mean = array.mean(1, keepdims=True)
    # The squares of small units are 0 in float32.
    scale = array.std(1, keepdims=True, dtype=np.float64)
    if not standardise:
      mean, scale = np.zeros_like(mean), np.ones_like(scale)
    # The deviation of what is constant is a rounding error, seldom 0.
    constant = np.ptp(array, 1, keepdims=True) == 0
    arrays += [mean, np.where(constant, 1, scale).astype(np.float32)]
  return Units(*arrays)


class Ensemble(tf.Module):
  """Networks trained together; a checkpoint holds its variables.

  Attributes:
    members: what each network is, E of them.
    loss: each network's loss in its last step, [E]; before the first, NaN.
    seconds: core-seconds of training a network, the mean over the networks;
      wall seconds where there is a GPU.
  """

  def __init__(
      self,
      members: list[Member],
      size: int,
      method: training.Method,
      *,
      hidden: tuple[int, ...] = (256, 256),
      batch_size: int = 0,
      initialisation: str = 'sonnet',
      standardise: bool = False,
      threads: int = 1,
  ):
    """Makes the training sets and the networks.

    Args:
      members: what to train.
      size: points in each training set.
      method: the training program's settings; `full_batch` is decided here and
        a `chunk` of 0 means all networks.
      hidden: units of each hidden layer.
      batch_size: points a step; 0, or at least `size`, for all.
      initialisation: a key of `networks.INITIALISERS`.
      standardise: whether to learn in standardised units.
      threads: how many programs run at a time, each with its share of the
        networks.

    Raises:
      UserError: the functions have different numbers of inputs.
    """
    super().__init__()
    self.members = members
    self.size = size
    self.batch_size = 0 if batch_size >= size else batch_size
    self.loss = np.full(len(members), np.nan, np.float32)
    self.seconds = 0.0
    sets = [datasets.training_set(m.function, size, m.seed) for m in members]
    inputs = {
        member.function: data.x.shape[-1]
        for member, data in zip(members, sets, strict=True)
    }
    if len(set(inputs.values())) > 1:
      raise errors.UserError(
          f'--functions: expected one number of inputs, got {inputs}: train '
          'them in separate runs'
      )
    data = datasets.Dataset(*(np.stack(a) for a in zip(*sets, strict=True)))
    self.units = _units(data, standardise)
    self._data = self.units.standardise(data)
    self._method = method._replace(full_batch=not self.batch_size)
    self._network = networks.EnsembleMLP(
        (data.x.shape[-1], *hidden, 1),
        [member.seed for member in members],
        method.activation,
        initialisation,
    )
    start = training.initial_state(self._network.parameters, method.balanced)
    memory = tf.nest.map_structure(tf.Variable, start[1:])
    self._state = training.State(self._network.parameters, *memory)
    self._shares = self._split(threads)
    self._test: dict[str, datasets.Dataset] = {}
    self._validation = [
        datasets.validation_set(m.function, size, m.seed) for m in members
    ]
    self._compiled = False
    on_gpu = bool(tf.config.list_physical_devices('GPU'))
    self._clock = time.monotonic if on_gpu else time.process_time

  def state(self) -> dict[str, Any]:
    """What a checkpoint holds beside the variables."""
    return {'loss': self.loss.tolist(), 'seconds': self.seconds}

  def restore(self, state: dict[str, Any]) -> None:
    """Takes what `state` gave."""
    self.loss = np.array(state['loss'], np.float32)
    self.seconds = state['seconds']

  def _split(self, threads: int) -> list[tuple[slice, int]]:
    """Each thread's networks, in runs of whole chunks; with the chunk."""
    count = len(self.members)
    chunk = self._method.chunk or count
    shares = []
    parts = min(threads, count) if self._method.chunk else 1
    for part in np.array_split(np.arange(count), parts):
      first, last = int(part[0]), int(part[-1]) + 1
      whole = last - (last - first) % chunk
      shares += [
          (slice(a, b), min(chunk, b - a))
          for a, b in ((first, whole), (whole, last))
          if a < b
      ]
    return shares

  def _indices(self, member: Member, start: int, stop: int) -> np.ndarray:
    rows = datasets.batch_indices(
        self.size, self.batch_size, *member, start, stop
    )
    return np.pad(rows, ((0, CALL_STEPS - len(rows)), (0, 0)))

  def _train_share(self, share, start, stop):
    where, chunk = share
    members = self.members[where]
    if self.batch_size:
      indices = np.stack([self._indices(m, start, stop) for m in members])
    else:
      indices = np.zeros((len(members), 0, 0), np.int32)
    arrays = (tf.constant(array[where]) for array in self._data)
    loss, state = training.train(
        tf.nest.map_structure(lambda v: v[where], self._state),
        training.Batches(*arrays, tf.constant(indices)),
        tf.constant(start),
        tf.constant(stop),
        self._method._replace(chunk=chunk),
    )
    return loss.numpy(), state

  def advance(self, start: int, stop: int) -> None:
    """Trains every network from step `start` to `stop`."""
    if not self._compiled:
      self._advance(start, start)  # No step; not to be counted as training.
      self._compiled = True
    began = self._clock()
    for first in range(start, stop, CALL_STEPS):
      self._advance(first, min(first + CALL_STEPS, stop))
    self.seconds += (self._clock() - began) / len(self.members)

  def _advance(self, start, stop):
    with futures.ThreadPoolExecutor(len(self._shares)) as pool:
      results = list(
          pool.map(lambda s: self._train_share(s, start, stop), self._shares)
      )
    losses, states = zip(*results, strict=True)
    if start < stop:
      self.loss = np.concatenate(losses)
    tf.nest.map_structure(
        lambda variable, *parts: variable.assign(tf.concat(parts, 0)),
        self._state,
        *states,
    )

  @property
  def activation(self) -> str:
    """The networks' activation, a key of `networks.ACTIVATIONS`."""
    return self._method.activation

  def parameters(self, index: int) -> networks.MLPParameters:
    """One network's parameters, in its own units."""
    return tf.nest.map_structure(lambda v: v[index], self._network.parameters)

  def predict(
      self, index: int, x: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray]:
    """One network's values [N] and gradients [N, D] at points x [N, D]."""
    units = [array[index] for array in self.units]
    x_mean, x_scale, y_mean, y_scale = units
    parts = [
        training.evaluate(
            self.parameters(index),
            tf.constant(
                (x[first : first + _POINTS] - x_mean) / x_scale, tf.float32
            ),
            self.activation,
        )
        for first in range(0, max(1, len(x)), _POINTS)
    ]
    value, gradient = (tf.concat(each, 0).numpy() for each in zip(
        *parts, strict=True
    ))
    return (
        y_mean + y_scale * value,
        gradient * (y_scale[..., np.newaxis] / x_scale),
    )

  def test_errors(self, index: int) -> dict[str, float]:
    """One network's mean squared errors of value and gradient on the test set.

    The gradient's is the mean squared L2 norm of its error. Both are in the
    function's own units.
    """
    name = self.members[index].function
    if name not in self._test:
      self._test[name] = datasets.test_set(name)
    value, gradient = self._errors(index, self._test[name])
    return {'test_mse': value, 'test_gradient_mse': gradient}

  def validation_errors(self, index: int) -> dict[str, float]:
    """The error of the value on points held out, on which to stop.

    Empty if some network of the ensemble has no such points.
    """
    if not all(len(data.x) for data in self._validation):
      return {}
    value, _ = self._errors(index, self._validation[index])
    return {'validation_mse': value}

  def _errors(self, index, data):
    value, gradient = self.predict(index, data.x)
    # Squares of float32 may be 0 or infinite where the errors are not.
    value, gradient = (
        (ours - truth).astype(np.float64)
        for ours, truth in ((value, data.y), (gradient, data.gradient))
    )
    return (
        float(np.mean(value**2)), float(np.mean(np.sum(gradient**2, -1)))
    )
