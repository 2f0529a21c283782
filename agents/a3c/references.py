# SPDX-License-Identifier: Apache-2.0
"""A3C and its networks by loops, in the notation of the papers. For tests.

One game, [T], or N steps, [N].
"""

import numpy as np


def n_step_return(rewards, discounts, values, t):
  """R_t of Mnih et al. (2016), algorithm S3, for one game."""
  total = values[-1]
  for k in reversed(range(t, len(rewards))):
    total = rewards[k] + discounts[k] * total
  return total


def generalised_advantage(rewards, discounts, values, lambda_, t):
  """Schulman et al. (2016), equation 16: a sum of temporal differences."""
  total, weight = 0.0, 1.0
  for k in range(t, len(rewards)):
    total += weight * (
        rewards[k] + discounts[k] * values[k + 1] - values[k]
    )
    weight *= discounts[k] * lambda_
  return total


def loss_terms(logits, values, actions, advantages, targets):
  """One step at a time, in the notation of Mnih et al. (2016)."""
  policies, squares, entropies = [], [], []
  for s in range(len(actions)):
    pi = np.exp(logits[s] - logits[s].max())
    pi /= pi.sum()
    policies.append(-np.log(pi[actions[s]]) * advantages[s])
    squares.append((targets[s] - values[s]) ** 2 / 2)
    entropies.append(-sum(p * np.log(p) for p in pi))
  return np.array(policies), np.array(squares), np.array(entropies)


def convolution(x, w, b, stride):
  """A convolution and a ReLU of one image [H, W, C], by the definition."""
  size, channels = w.shape[0], w.shape[3]
  side = (x.shape[0] - size) // stride + 1
  y = np.empty([side, side, channels])
  for i in range(side):
    for j in range(side):
      patch = x[stride * i :, stride * j :][:size, :size]
      y[i, j] = np.tensordot(patch, w, 3) + b
  return np.maximum(y, 0)
