# SPDX-License-Identifier: Apache-2.0
"""Tests for decoupling."""

import re
from unittest import mock

from absl.testing import absltest
import tensorflow as tf

from benchmarks import decoupled_step
from benchmarks import decoupling
from benchmarks import pipelining


def setUpModule():
  tf.config.set_logical_device_configuration(
      tf.config.list_physical_devices('CPU')[0],
      2 * [tf.config.LogicalDeviceConfiguration()],
  )


class DecouplingTest(absltest.TestCase):

  def test_a_tiny_run(self):
    settings = decoupled_step.Settings(
        width=1, module_channels=1, batch=2, image_size=8, rounds=1,
        seconds=1e-4,
    )
    sides = ('backpropagation', 'pipeline on two devices')
    sides = {name: pipelining._SIDES[name] for name in sides}
    # Here, rather than each in a process of its own.
    with (
        mock.patch.object(decoupling, '_METHODS', ('backprop', 'sobolev')),
        mock.patch.object(pipelining, '_SIDES', sides),
        mock.patch.object(pipelining, '_alone', lambda f, *a: f(*a)),
        mock.patch.object(pipelining, '_use'),
    ):
      section = decoupling.measure(settings)
    rows = [r.split(' | ') for r in section.splitlines() if r.startswith('|')]
    by_name = {row[0].strip('| '): row for row in rows}
    self.assertLen(by_name['sobolev'], 4)
    self.assertLen(by_name['pipeline on two devices'], 7)
    self.assertEqual(by_name['3'][1:], ['2', '2', '1 |'])
    cost, counted = (float(by_name['sobolev'][i].split()[0]) for i in (2, 3))
    worst = re.search('times what is counted.* worst is ([0-9.]+) ', section)
    self.assertAlmostEqual(float(worst[1]) * counted / cost, 1, delta=0.02)


if __name__ == '__main__':
  absltest.main()
