# SPDX-License-Identifier: Apache-2.0
"""Made-up images that can be learnt: for tests, and to try things out."""

import numpy as np
import tensorflow as tf

from sg.data import dataset

_CELLS = 4  # On a side of a template.
_NOISE = 48.0  # Its standard deviation, for pixels from 0 to 255.


def make(
    image_shape: tuple[int, int, int] = (32, 32, 3),
    classes: int = 10,
    train_size: int = 2000,
    test_size: int = 500,
    seed: int = 0,
) -> dataset.InMemory:
  """Makes each image of its class's template and noise.

  Classes are equally frequent. The same arguments make the same data set.
  """
  rng = np.random.default_rng(seed)
  cells = rng.uniform(64, 192, [classes, _CELLS, _CELLS, image_shape[2]])
  cells = (cells + cells[:, :, ::-1]) / 2  # Flips leave a class as it is.
  templates = tf.image.resize(cells, image_shape[:2]).numpy()

  def examples(count):
    labels = rng.permutation(np.arange(count, dtype=np.int32) % classes)
    noise = rng.normal(0, _NOISE, [count, *image_shape])
    images = np.clip(templates[labels] + noise, 0, 255).astype(np.uint8)
    return images, labels

  train, test = examples(train_size), examples(test_size)
  mean, std = train[0].mean((0, 1, 2)), train[0].std((0, 1, 2))
  return dataset.InMemory('synthetic', train, test, classes, mean, std)
