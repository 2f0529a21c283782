# SPDX-License-Identifier: Apache-2.0
"""One step of a cut network: where its tapes are cut.

  h_1 = f_1(images), h_2 = f_2(h_1), ..., logits = f_K(h_{K-1})    on the way up

No tape crosses a cut: each segment f_k has its own, from h_{k-1} to h_k. What a
segment needs to learn is a signal at its output, a loss and its gradient
(paper, section 4.3):

  s_K = (L(logits, y), dL/dlogits)           the true one, at the top
  s_k = (m_k(h_k, y), dm_k(h_k, y)/dh_k)     its module's, at cut k

Segment k turns s_k into its parameters' gradient. What module k - 1 learns, its
target at the cut below, is one of `TARGETS`:

  true      (L(logits, y), (dh_K/dh_{k-1})^T dL/dlogits)        as section 4.3
  received  (s_k.loss, (dh_k/dh_{k-1})^T s_k.gradient)   as Jaderberg et al.

A segment's update is a function of its own module alone. With received targets
a module's is one of the segment above it, so that no step waits for another,
which `pipeline` makes use of; the true ones come down through all segments. In
backpropagation the target takes the place of the module's signal.

Axes: B batch, H... a cut's axes.
"""

from collections.abc import Sequence
from typing import NamedTuple

import sonnet as snt
import tensorflow as tf

from sg.modules import interface
from sg.modules import loss_predictor
from sg.networks import layers
from sobolev_training import derivatives

Signal = interface.Signal

TRUE, RECEIVED = TARGETS = ('true', 'received')


class Pass(NamedTuple):
  """A segment's way up, recorded.

  Attributes:
    segment: the segment.
    tape: has recorded it; persistent.
    below: its input h_{k-1}, [B, H...].
    above: its output h_k, [B, H...].
  """

  segment: snt.Module
  tape: tf.GradientTape
  below: tf.Tensor
  above: tf.Tensor


class Learned(NamedTuple):
  """What one module or segment is to change.

  Attributes:
    gradients: of the batch's mean loss, one for each variable.
    variables: the trainable variables; none where no gradient comes.
  """

  gradients: Sequence[tf.Tensor]
  variables: Sequence[tf.Variable]


NOTHING = Learned([], [])


class Step(NamedTuple):
  """What a cut network learns from one batch.

  Attributes:
    loss: the true loss of each example, [B].
    right: whether the label has the largest logit, bool [B].
    segments: for each segment from below, what it learns.
    modules: for each cut from below, what its module learns.
    errors: for each cut from below, the module's mean loss; 0 where it does not
      learn.
    targets: for each cut from below, what its module learned from; without a
      gradient where nobody below has a use for it.
  """

  loss: tf.Tensor
  right: tf.Tensor
  segments: list[Learned]
  modules: list[Learned]
  errors: list[tf.Tensor]
  targets: list[Signal]


def step(
    segments: Sequence[snt.Module],
    modules: Sequence[interface.Module],
    images: tf.Tensor,
    labels: tf.Tensor,
    targets: str = TRUE,
    statistics: layers.Statistics = layers.Statistics.TRAIN,
) -> Step:
  """Computes all updates of one batch.

  Args:
    segments: the network, cut; the last gives logits.
    modules: one for each cut.
    images: [B, H, W, C], in the type to compute in.
    labels: int32 [B].
    targets: one of `TARGETS`, what the modules learn.
    statistics: what the segments normalise with.

  Raises:
    ValueError: not as many modules as cuts, unknown targets, or a module's
      target lacks what it learns.
  """
  if len(modules) != len(segments) - 1:
    raise ValueError(
        f'modules: expected one for each of {len(segments) - 1} cuts, got '
        f'{len(modules)}'
    )
  if targets not in TARGETS:
    raise ValueError(
        f'targets: expected {" or ".join(TARGETS)}, got {targets!r}'
    )
  passes, h = [], images
  for segment in segments:
    passes.append(up(segment, h, statistics))
    h = passes[-1].above
  true = signal = target = true_signal(h, labels)
  learned, taught, errors, learned_from = [], [], [], []
  for k in reversed(range(len(segments))):
    # With true targets, a gradient that any module below learns passes here.
    below = modules[:k] if targets == TRUE else modules[max(0, k - 1) : k]
    send = any(map(wants_gradient, below))
    to_segment, sent = down(passes[k], signal, send and signal is target)
    learned.append(to_segment)
    if not k:
      break
    if signal is not target:
      sent = _pull_back(passes[k], target, send)
    target = sent
    synthetic, to_module, error = teach(
        modules[k - 1], passes[k].below, labels, target
    )
    taught.append(to_module)
    errors.append(error)
    learned_from.append(target)
    signal = target if modules[k - 1].locked else synthetic
    if targets == RECEIVED:
      target = signal
  return Step(
      true.loss,
      right(h, labels),
      learned[::-1],
      taught[::-1],
      errors[::-1],
      learned_from[::-1],
  )


def wants_gradient(module: interface.Module) -> bool:
  """Whether a module has a use for its target's gradient."""
  return module.learns_gradient or module.locked


def up(
    segment: snt.Module,
    below: tf.Tensor,
    statistics: layers.Statistics = layers.Statistics.TRAIN,
) -> Pass:
  """Runs a segment on a tape of its own."""
  # Another tensor than the one that the segment below gave.
  below = tf.stop_gradient(below)
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(below)
    above = segment(below, statistics)
  if not above.shape[:1].is_compatible_with(below.shape[:1]):
    raise ValueError(
        f'segments: {segment.name} makes {above.shape} of {below.shape}: '
        'expected the batch as the first axis of both'
    )
  return Pass(segment, tape, below, above)


def true_signal(logits: tf.Tensor, labels: tf.Tensor) -> Signal:
  """The true loss and its gradient with respect to the logits."""
  return Signal(
      *derivatives.value_and_gradient(
          lambda logits: loss_predictor.log_loss(logits, labels), logits
      )
  )


def right(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
  """Whether the label has the largest of its logits, bool [B]."""
  return tf.argmax(logits, 1, labels.dtype) == labels


def down(
    recorded: Pass, signal: Signal, send: bool
) -> tuple[Learned, Signal]:
  """Turns the signal at a segment's output into its update.

  Args:
    recorded: the segment's way up.
    signal: at its output.
    send: whether the gradient is wanted at the segment's input too.

  Returns:
    The segment's update, and the signal at its input.
  """
  variables = _trainable(recorded.segment)
  if signal.gradient is None:
    return NOTHING, signal
  sources = [*variables, *([recorded.below] if send else [])]
  gradients = _product(recorded, signal.gradient, sources)
  below = gradients.pop() if send else None
  size = tf.shape(recorded.above)[0]
  means = [gradient / tf.cast(size, gradient.dtype) for gradient in gradients]
  return Learned(means, variables), Signal(signal.loss, below)


def _pull_back(recorded: Pass, signal: Signal, send: bool) -> Signal:
  """A signal at a segment's output as it is at the segment's input."""
  if not send:
    return Signal(signal.loss, None)
  (below,) = _product(recorded, signal.gradient, [recorded.below])
  return Signal(signal.loss, below)


def _product(
    recorded: Pass, gradient: tf.Tensor, sources: Sequence[tf.Tensor]
) -> list[tf.Tensor]:
  """The products of a gradient at the output with a segment's Jacobians."""
  return recorded.tape.gradient(
      recorded.above,
      sources,
      output_gradients=gradient,
      unconnected_gradients=tf.UnconnectedGradients.ZERO,
  )


def teach(
    module: interface.Module,
    h: tf.Tensor,
    labels: tf.Tensor,
    target: Signal,
) -> tuple[Signal, Learned, tf.Tensor]:
  """Lets a module predict from h [B, H...], and compares that with a target.

  Returns:
    The synthetic signal, the module's update, and its mean error.

  Raises:
    ValueError: the target lacks what the module learns.
  """
  with tf.GradientTape() as tape:
    synthetic = module(h, labels)
    if not module.learns:
      return synthetic, NOTHING, tf.zeros([])
    require_target(module, target)
    error = tf.reduce_mean(module.error(synthetic, target).total)
  variables = _trainable(module)
  constant = [
      None if part is None else tf.stop_gradient(part) for part in synthetic
  ]
  return (
      Signal(*constant),
      Learned(tape.gradient(error, variables), variables),
      error,
  )


def require_target(module: interface.Module, target: Signal) -> None:
  """Raises ValueError if a module learns what its target does not have."""
  for part in target._fields:
    if getattr(module, f'learns_{part}') and getattr(target, part) is None:
      raise ValueError(
          f'modules: {module.name} learns the {part}, and the module above it '
          'predicts none: choose another method for one of them, or the '
          f'targets {TRUE!r}'
      )


def _trainable(part: snt.Module) -> Sequence[tf.Variable]:
  return snt.allow_empty_variables(part).trainable_variables
