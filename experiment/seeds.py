# SPDX-License-Identifier: Apache-2.0
"""Independent seeds, all from one number.

A seed is the SHA-256 of the JSON of [seed, name, index]: it depends on nothing
but these, not on the order of the calls, nor on the versions of Python, NumPy
or TensorFlow. Seeds of other names or indices have nothing in common.

    weights = seeds.stateless(settings.seed, 'weights', network)
    tf.random.stateless_normal([256, 256], weights)

Inside a compiled loop, mix the step in with
`tf.random.experimental.stateless_fold_in(seed, step)`: what a step draws then
depends on the step alone, and a run that is resumed draws the same.
"""

import hashlib
import json

import numpy as np


def _digest(seed: int, name: str, index: int) -> bytes:
  # int() because JSON has no NumPy integers.
  text = json.dumps([int(seed), name, int(index)])
  return hashlib.sha256(text.encode()).digest()


def stateless(seed: int, name: str, index: int = 0) -> np.ndarray:
  """A seed for the functions of `tf.random.stateless_*`.

  Args:
    seed: the experiment's seed.
    name: what the numbers are for, such as 'weights'.
    index: which of many, such as the network's number.

  Returns:
    int32 [2].
  """
  return np.frombuffer(_digest(seed, name, index)[:8], '<i4').astype(np.int32)


def generator(seed: int, name: str, index: int = 0) -> np.random.Generator:
  """A NumPy generator (PCG64); the arguments are those of `stateless`."""
  entropy = int.from_bytes(_digest(seed, name, index)[:16], 'little')
  return np.random.Generator(np.random.PCG64(entropy))
