# SPDX-License-Identifier: Apache-2.0
"""How well synthetic gradients point where the true ones do, at each cut.

Axes: B batch, H... a cut's axes.
"""

from collections.abc import Sequence

import numpy as np
import sonnet as snt
import tensorflow as tf

from sg import decoupled
from sg.modules import interface
from sg.networks import layers
from theory import gradient_fields


def measure(
    segments: Sequence[snt.Module],
    modules: Sequence[interface.Module],
    images: tf.Tensor,
    labels: tf.Tensor,
    seed: np.ndarray,
    targets: str = decoupled.TRUE,
) -> dict[str, tf.Tensor]:
  """Compares the modules' signals with the true ones on a batch.

  The network normalises with the batch's own statistics, as in training, and
  changes nothing.

  Args:
    segments: the network, cut.
    modules: one for each cut.
    images: [B, H, W, C].
    labels: int32 [B].
    seed: two integers, of the directions of the asymmetry's estimate.
    targets: what the modules learn, one of `decoupled.TARGETS`.

  Returns:
    For each cut k from below, unless the module predicts nothing: `cosine_k` of
    synthetic and true gradient and `norm_ratio_k` of their lengths, means over
    the examples; `asymmetry_k`, 0 where the synthetic gradient is a gradient
    field and up to 1 where it is not (Proposition 4); if the module predicts a
    loss, `loss_error_k`, the mean of |m - L|; and of each term of its own loss
    `loss_pull_k` or `gradient_pull_k`, the norm of the weighted term's gradient
    with respect to the module's parameters.
  """
  learned_from = decoupled.step(
      segments, modules, images, labels, targets, layers.Statistics.BATCH
  ).targets
  activations, true = _true_signals(segments, images, labels)
  found = {}
  for k, (module, h) in enumerate(zip(modules, activations, strict=True), 1):
    synthetic = module(h, labels)
    if synthetic.gradient is None:
      continue
    made, wanted = map(snt.flatten, (synthetic.gradient, true[k - 1].gradient))
    lengths = tf.norm(made, axis=1), tf.norm(wanted, axis=1)
    product = tf.reduce_sum(made * wanted, axis=1)
    found[f'cosine_{k}'] = tf.reduce_mean(
        tf.math.divide_no_nan(product, lengths[0] * lengths[1])
    )
    found[f'norm_ratio_{k}'] = tf.reduce_mean(
        tf.math.divide_no_nan(lengths[0], lengths[1])
    )
    if synthetic.loss is not None:
      found[f'loss_error_{k}'] = tf.reduce_mean(
          tf.abs(synthetic.loss - true[k - 1].loss)
      )
    found[f'asymmetry_{k}'] = gradient_fields.estimate_jacobian_asymmetry(
        lambda h, module=module: module(h, labels).gradient, h, seed
    ).fraction
    for order, pull in _pulls(module, h, labels, learned_from[k - 1]).items():
      found[f'{("loss", "gradient")[order]}_pull_{k}'] = pull
  return found


def _pulls(
    module: interface.Module,
    h: tf.Tensor,
    labels: tf.Tensor,
    target: decoupled.Signal,
) -> dict[int, tf.Tensor]:
  """How hard each term of a module's loss pulls at its parameters, by order."""
  if not module.learns:
    return {}
  with tf.GradientTape(persistent=True) as tape:
    terms = module.error(module(h, labels), target).terms
    means = {
        order: module.weights[order] * tf.reduce_mean(term)
        for order, term in terms.items()
    }
  return {
      order: tf.linalg.global_norm(
          tape.gradient(
              mean,
              module.trainable_variables,
              unconnected_gradients=tf.UnconnectedGradients.ZERO,
          )
      )
      for order, mean in means.items()
  }


def _true_signals(
    segments: Sequence[snt.Module], images: tf.Tensor, labels: tf.Tensor
) -> tuple[list[tf.Tensor], list[decoupled.Signal]]:
  """Returns the activations at each cut, and the true signals there."""
  activations = []
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    h = images
    for segment in segments[:-1]:
      h = segment(h, layers.Statistics.BATCH)
      tape.watch(h)
      activations.append(h)
    logits = segments[-1](h, layers.Statistics.BATCH)
    loss = decoupled.true_signal(logits, labels).loss
  gradients = tape.gradient(
      loss, activations, unconnected_gradients=tf.UnconnectedGradients.ZERO
  )
  return activations, [decoupled.Signal(loss, g) for g in gradients]
