# SPDX-License-Identifier: Apache-2.0
"""Tests what the peers' programs say when their peer is not installed."""

import sys
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from benchmarks import a3c
from benchmarks import problem
from benchmarks.peers import jax_peer
from benchmarks.peers import jenn_peer
from benchmarks.peers import surrogate_peer
from benchmarks.peers import torch_peer
from experiment import errors


class PeersTest(parameterized.TestCase):

  @parameterized.parameters(
      ('jax', jax_peer, problem),
      ('jenn', jenn_peer, jenn_peer),
      ('jenn', surrogate_peer, surrogate_peer),
      ('stable_baselines3', a3c, a3c),
      ('torch', torch_peer, problem),
  )
  def test_one_line(self, name, program, settings):
    with (
        mock.patch.dict(sys.modules, {name: None}),  # As if not installed.
        self.assertRaisesRegex(errors.UserError, f'{name}.*pip install -r'),
    ):
      program.measure(settings.Settings())


if __name__ == '__main__':
  absltest.main()
