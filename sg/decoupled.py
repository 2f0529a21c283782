"""One step of a cut network: where its tapes are cut.

  h_1 = f_1(images), h_2 = f_2(h_1), ..., logits = f_K(h_{K-1})    on the way up

No tape crosses a cut: each segment f_k has its own, from h_{k-1} to h_k. What a
segment needs to learn is a signal at its output, a loss and its gradient
(paper, section 4.3):

  s_K = (L(logits, y), dL/dlogits)           the true one, at the top
  s_k = (m_k(h_k, y), dm_k(h_k, y)/dh_k)     its module's, at cut k

Segment k turns s_k into its parameters' gradient, and into the signal that it
sends down across cut k - 1, which module k - 1 learns from:

  received_{k-1} = (s_k.loss, (dh_k/dh_{k-1})^T s_k.gradient)

So a segment's update is a function of its own module alone, and a module's of
the segment above it: no step waits for another, which `pipeline` makes use of.
In backpropagation the signal received takes the place of the module's.

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


class Pass(NamedTuple):
  """A segment's way up, recorded.

  Attributes:
    segment: the segment.
    tape: has recorded it.
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
  """What one batch teaches a cut network.

  Attributes:
    loss: the true loss of each example, [B].
    right: whether the label has the largest logit, bool [B].
    segments: for each segment from below, what it learns.
    modules: for each cut from below, what its module learns.
    errors: for each cut from below, the module's mean loss; 0 where it does not
      learn.
  """

  loss: tf.Tensor
  right: tf.Tensor
  segments: list[Learned]
  modules: list[Learned]
  errors: list[tf.Tensor]


def step(
    segments: Sequence[snt.Module],
    modules: Sequence[interface.Module],
    images: tf.Tensor,
    labels: tf.Tensor,
    true_loss: bool = False,
) -> Step:
  """Computes all updates of one batch.

  Args:
    segments: the network, cut; the last gives logits.
    modules: one for each cut.
    images: [B, H, W, C], in the type to compute in.
    labels: int32 [B].
    true_loss: whether all modules learn the true loss; by default each learns
      what the module above predicts, the topmost the true loss.

  Raises:
    ValueError: not as many modules as cuts.
  """
  if len(modules) != len(segments) - 1:
    raise ValueError(
        f'modules: expected one for each of {len(segments) - 1} cuts, got '
        f'{len(modules)}'
    )
  passes, h = [], images
  for segment in segments:
    passes.append(up(segment, h))
    h = passes[-1].above
  true = signal = true_signal(h, labels)
  learned, taught, errors = [], [], []
  for k in reversed(range(len(segments))):
    module = modules[k - 1] if k else None
    to_segment, received = down(passes[k], signal, wants_gradient(module))
    learned.append(to_segment)
    if module is None:
      break
    if true_loss:
      received = received._replace(loss=true.loss)
    synthetic, to_module, error = teach(
        module, passes[k].below, labels, received
    )
    taught.append(to_module)
    errors.append(error)
    signal = received if module.locked else synthetic
  return Step(
      true.loss, right(h, labels), learned[::-1], taught[::-1], errors[::-1]
  )


def wants_gradient(module: interface.Module | None) -> bool:
  """Whether a module, if there is one, has a use for the gradient."""
  return module is not None and (module.learns_gradient or module.locked)


def up(segment: snt.Module, below: tf.Tensor) -> Pass:
  """Runs a segment on a tape of its own."""
  # Another tensor than the one that the segment below gave.
  below = tf.stop_gradient(below)
  with tf.GradientTape() as tape:
    tape.watch(below)
    above = segment(below, layers.Statistics.TRAIN)
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
    recorded: the segment's way up; can be used once.
    signal: at its output.
    send: whether the gradient is wanted at the segment's input too.

  Returns:
    The segment's update, and the signal at its input.
  """
  variables = _trainable(recorded.segment)
  if signal.gradient is None:
    return NOTHING, signal
  sources = [*variables, *([recorded.below] if send else [])]
  gradients = recorded.tape.gradient(
      recorded.above,
      sources,
      output_gradients=signal.gradient,
      unconnected_gradients=tf.UnconnectedGradients.ZERO,
  )
  below = gradients.pop() if send else None
  return (
      Learned(_mean(gradients, recorded.above), variables),
      Signal(signal.loss, below),
  )


def teach(
    module: interface.Module,
    h: tf.Tensor,
    labels: tf.Tensor,
    received: Signal,
) -> tuple[Signal, Learned, tf.Tensor]:
  """Lets a module predict, and compares that with what came back.

  Args:
    module: the module.
    h: activations at its cut, [B, H...].
    labels: int32 [B].
    received: the signal from the segment above.

  Returns:
    The synthetic signal, the module's update, and its mean error.

  Raises:
    ValueError: the segment above has not sent what the module learns.
  """
  with tf.GradientTape() as tape:
    synthetic = module(h, labels)
    if not module.learns:
      return synthetic, NOTHING, tf.zeros([])
    require_sent(module, received)
    error = tf.reduce_mean(module.error(synthetic, received).total)
  variables = _trainable(module)
  return (
      Signal(*map(_constant, synthetic)),
      Learned(tape.gradient(error, variables), variables),
      error,
  )


def require_sent(module: interface.Module, received: Signal) -> None:
  """Raises ValueError if a module learns what the segment above cannot send."""
  for part, way_out in (('loss', ', or true_loss'), ('gradient', '')):
    learns = getattr(module, f'learns_{part}')
    if learns and getattr(received, part) is None:
      raise ValueError(
          f'modules: {module.name} learns the {part}, and the module above it '
          f'predicts none: choose another method for one of them{way_out}'
      )


def _trainable(part: snt.Module) -> Sequence[tf.Variable]:
  return snt.allow_empty_variables(part).trainable_variables


def _mean(
    gradients: Sequence[tf.Tensor], batch: tf.Tensor
) -> list[tf.Tensor]:
  """Divides sums over the batch by its size."""
  return [g / tf.cast(tf.shape(batch)[0], g.dtype) for g in gradients]


def _constant(part: tf.Tensor | None) -> tf.Tensor | None:
  return None if part is None else tf.stop_gradient(part)
