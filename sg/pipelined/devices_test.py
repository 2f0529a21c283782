# SPDX-License-Identifier: Apache-2.0
"""Tests for devices."""

import os
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import tensorflow as tf

from experiment import errors
from sg import presets
from sg.pipelined import devices


def settings(**changes):
  return presets.Settings(**{'targets': 'received', **changes})


class DevicesTest(parameterized.TestCase):

  def test_logical_cpus(self):
    found = devices.prepare(
        settings(pipelined=True, placement=('/CPU:0', '/device:CPU:2'))
    )
    self.assertIsNone(found)
    self.assertLen(tf.config.list_logical_devices('CPU'), 3)

  @parameterized.parameters(
      ({'placement': ('/CPU:0',)}, 'placement: only with --pipelined'),
      ({'cluster': ('a:1', 'b:1')}, 'cluster: only with --placement'),
      ({'pipelined': True, 'replicas': 2}, 'replicas=2: expected 1 with --pip'),
      ({'replicas': 3}, 'batch_size=128: expected a multiple of --replicas=3'),
      (
          {'pipelined': True, 'placement': ('/CPU:0', '/job:worker/CPU:0')},
          'placement: no device /job:worker/CPU:0; there are',
      ),
      (
          {'pipelined': True, 'placement': ('/GPU:77',)},
          'placement: no device /GPU:77; there are',
      ),
  )
  def test_says_what_is_wrong(self, changes, message):
    with self.assertRaisesRegex(errors.UserError, message):
      devices.prepare(settings(**changes))

  def test_who_follows(self):
    self.assertIsNone(devices.follows(settings(replicas=2)))
    config = '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"index": %d}}'
    for index, follows in ((0, False), (1, True)):
      with mock.patch.dict(os.environ, {'TF_CONFIG': config % index}):
        self.assertEqual(devices.follows(settings(replicas=2)), follows)
        self.assertIsNone(devices.follows(settings()))


if __name__ == '__main__':
  absltest.main()
