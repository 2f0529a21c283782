# SPDX-License-Identifier: Apache-2.0
"""The step of `decoupled` without update locking: all segments work at once.

The segments are numbered from below, k = 1, ..., K, and module k sits above
segment k, on its device. At tick t = 0, 1, ...

  segment k   takes h_{k-1} of batch t - k + 1, which segment k - 1 sent at
              tick t - 1; sends h_k up; updates itself at once with its module's
              signal; sends the signal at h_{k-1} down
  module k    takes the signal that segment k + 1 sent down at tick t - 1;
              learns from it with the h_k of that batch, kept since tick t - 2

So no part waits for what another does in the same tick. What is sent lies in
mailboxes until the next tick, variables on the receiver's device. They are
part of a checkpoint, so that a run that is resumed goes on exactly.

Axes: B batch, H... a cut's axes.
"""

from collections.abc import Sequence
from typing import NamedTuple

import sonnet as snt
import tensorflow as tf

from sg import decoupled
from sg.modules import interface

# Ticks from when segment k makes h_k until its module learns with that.
_ROUND_TRIP = 2


class Staleness(NamedTuple):
  """How many updates old the parameters are that others' messages came from.

  In the step of `decoupled`, as in backpropagation, all are 0.

  Attributes:
    input: updates that segment 1, the oldest contributor, has made since it
      worked on the batch that this segment now works on.
    kept: updates that this segment has made since it made the activations with
      which its module now learns; None at the top.
    target: updates that the segment above has made since it computed the
      signal that this segment's module now learns; None at the top.
  """

  input: int
  kept: int | None
  target: int | None


def staleness(segment: int, segments: int) -> Staleness:
  """The staleness at segment k = 1, ..., K = `segments` of a full pipe."""
  if segment == segments:
    return Staleness(segment - 1, None, None)
  return Staleness(segment - 1, _ROUND_TRIP, 1)


class Mailbox(snt.Module):
  """What one part sends another at one tick, for the next."""

  def __init__(self, device: str, like: Sequence[tf.Tensor]):
    """Makes the variables on a device, for tensors like these."""
    super().__init__()
    self._device = device
    with tf.device(device):
      self._parts = [
          tf.Variable(tf.zeros_like(part), trainable=False) for part in like
      ]

  def read(self) -> list[tf.Tensor]:
    """What was sent at the last tick."""
    with tf.device(self._device):
      return [part.read_value() for part in self._parts]

  def send(self, parts: Sequence[tf.Tensor]) -> None:
    """Puts tensors in, in place of the last ones."""
    for variable, part in zip(self._parts, parts, strict=True):
      variable.assign(part)


class _Work(NamedTuple):
  """What a segment has made in a tick."""

  above: tf.Tensor  # Its output, [B, H...].
  signal: decoupled.Signal  # At its output.
  learned: decoupled.Learned
  sent: decoupled.Signal  # At its input.


class Pipeline(snt.Module):
  """The mailboxes between the segments of a cut network."""

  def __init__(
      self,
      segments: Sequence[snt.Module],
      modules: Sequence[interface.Module],
      placement: Sequence[str] = (),
  ):
    """Makes the pipe; `initialise` makes its variables.

    Args:
      segments: the network, cut.
      modules: one for each cut.
      placement: TensorFlow's name of each segment's device, where its module
        and their variables are too; all here by default.

    Raises:
      ValueError: a module that waits for the true gradient, as in
        backpropagation, or not one device for each segment.
    """
    super().__init__()
    if any(module.locked for module in modules):
      raise ValueError(
          'pipelined: expected modules that send a signal of their own, got '
          'backprop, whose segments wait for each other: choose another method '
          'or pipelined=false'
      )
    if placement and len(placement) != len(segments):
      raise ValueError(
          f'placement: expected one device for each of {len(segments)} '
          f'segments, got {len(placement)}: {", ".join(placement)}'
      )
    self._segments, self._modules = list(segments), list(modules)
    self._up, self._kept, self._down = [], [], []
    self.placement = tuple(placement) or ('',) * len(segments)

  @property
  def full(self) -> int:
    """The first tick at which all segments and modules work."""
    return len(self._segments) if self._modules else 0

  @property
  def mailboxes(self) -> list[tf.Variable]:
    """The variables of what is under way."""
    boxes = [*self._up, *self._down, *(b for pair in self._kept for b in pair)]
    return [variable for box in boxes for variable in box.variables]

  def initialise(
      self, activations: Sequence[tf.Tensor], labels: tf.Tensor
  ) -> None:
    """Makes the mailboxes, for h_1, ..., h_{K-1} like these, once."""
    if self._up:
      return
    for k, (h, module) in enumerate(
        zip(activations, self._modules, strict=True)
    ):
      here, above = self.placement[k : k + 2]
      self._up.append(Mailbox(above, [h, labels]))
      self._kept.append([
          Mailbox(here, [h, labels]) for _ in range(_ROUND_TRIP)
      ])
      self._down.append(Mailbox(here, _wanted(module, module(h, labels))))

  def step(
      self, images: tf.Tensor, labels: tf.Tensor, tick: int
  ) -> decoupled.Step:
    """Computes all updates of one tick, and passes the messages on.

    Args:
      images: the batch that enters the pipe, [B, H, W, C].
      labels: int32 [B].
      tick: its number, or `full` when it is past that. While the pipe fills,
        what has no message yet does nothing; so this is a Python number, and
        each takes a trace of its own.

    Returns:
      As from `decoupled.step`; `loss` and `right` are of the batch that leaves
      the pipe, None until one does.
    """
    # All is read before anything is sent.
    arrived = [[images, labels], *(box.read() for box in self._up)]
    kept = [[box.read() for box in boxes] for boxes in self._kept]
    answers = [box.read() for box in self._down]
    worked = [
        self._work(k, *arrived[k]) if tick >= k else None
        for k in range(len(self._segments))
    ]
    taught = [
        self._teach(k, *kept[k][-1], answers[k])
        if tick >= k + _ROUND_TRIP
        else (decoupled.NOTHING, tf.zeros([]))
        for k in range(len(self._modules))
    ]
    for k, work in enumerate(worked[:-1]):
      if work is not None:
        made = [work.above, arrived[k][1]]
        self._up[k].send(made)
        for box, newer in zip(self._kept[k], [made, *kept[k]], strict=False):
          box.send(newer)
    for k, work in enumerate(worked[1:]):
      if work is not None:
        self._down[k].send(_wanted(self._modules[k], work.sent))
    top, y = worked[-1], arrived[-1][1]
    return decoupled.Step(
        loss=None if top is None else top.signal.loss,
        right=None if top is None else decoupled.right(top.above, y),
        segments=[
            decoupled.NOTHING if work is None else work.learned
            for work in worked
        ],
        modules=[learned for learned, _ in taught],
        errors=[error for _, error in taught],
        targets=[],
    )

  def _work(self, k: int, h: tf.Tensor, labels: tf.Tensor) -> _Work:
    """What segment k + 1 does in a tick."""
    with tf.device(self.placement[k]):
      passed = decoupled.up(self._segments[k], h)
      if k < len(self._modules):
        signal = self._modules[k](passed.above, labels)
      else:
        signal = decoupled.true_signal(passed.above, labels)
      send = k > 0 and decoupled.wants_gradient(self._modules[k - 1])
      learned, sent = decoupled.down(passed, signal, send)
    return _Work(passed.above, signal, learned, sent)

  def _teach(
      self,
      k: int,
      h: tf.Tensor,
      labels: tf.Tensor,
      answer: Sequence[tf.Tensor],
  ) -> tuple[decoupled.Learned, tf.Tensor]:
    """What module k + 1 does in a tick: its update and its mean error."""
    module, parts = self._modules[k], iter(answer)
    received = decoupled.Signal(
        next(parts) if module.learns_loss else None,
        next(parts) if module.learns_gradient else None,
    )
    with tf.device(self.placement[k]):
      return decoupled.teach(module, h, labels, received)[1:]


def _wanted(
    module: interface.Module, signal: decoupled.Signal
) -> list[tf.Tensor]:
  """The parts of a signal that a module learns."""
  decoupled.require_target(module, signal)
  return [
      part
      for part, learns in zip(
          signal, (module.learns_loss, module.learns_gradient), strict=True
      )
      if learns
  ]
