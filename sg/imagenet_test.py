# SPDX-License-Identifier: Apache-2.0
"""The presets of ResNet-50 on photographs in folders."""

import math
import pathlib

from absl.testing import absltest
import numpy as np
import tensorflow as tf

from sg import presets
from sg import table1_run


class ImageNetTest(absltest.TestCase):

  def test_the_loss_starts_at_that_of_guessing(self):
    preset = presets.PRESETS['overnight-imagenet-3']
    folder = pathlib.Path(self.create_tempdir().full_path)
    random = np.random.default_rng(0)
    for name in range(preset['classes']):
      for split, count in (('train', 4), ('val', 1)):
        (folder / f'{split}/{name}').mkdir(parents=True)
        for k in range(count):
          # Patches of all sizes, as in photographs.
          pixels = sum(
              tf.image.resize(random.uniform(0, 64, [size, size, 3]), [96, 96])
              for size in (2, 6, 24, 96)
          )
          content = tf.io.encode_jpeg(tf.cast(pixels, tf.uint8)).numpy()
          (folder / f'{split}/{name}/{k}.JPEG').write_bytes(content)
    for seed in range(2):
      settings = presets.Config(**{
          **preset, 'method': 'noprop', 'data': str(folder), 'seed': seed,
          'batch_size': 32, 'aligned': 0,
      })
      found = table1_run.Table1Run(settings).advance(0, 1)
      guessing = math.log(preset['classes'])
      self.assertAlmostEqual(
          float(found['train_loss']), guessing, delta=0.1 * guessing
      )


if __name__ == '__main__':
  absltest.main()
