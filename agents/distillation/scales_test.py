# SPDX-License-Identifier: Apache-2.0
import dataclasses

from absl.testing import absltest

from agents.distillation import scales
from experiment import errors


class ScalesTest(absltest.TestCase):

  def test_labels(self):
    laptop = scales.scaled('laptop', {})
    self.assertEqual(scales.label('laptop', laptop), 'laptop')
    fewer = dataclasses.replace(laptop, games=('pong',))
    self.assertEqual(scales.label('laptop', fewer), 'laptop')
    other = dataclasses.replace(laptop, steps=7)
    self.assertEqual(scales.label('laptop', other), 'laptop steps=7')

  def test_flags_go_before_the_scale(self):
    self.assertEqual(scales.scaled('paper', {}), scales.Settings())
    self.assertEqual(scales.scaled('laptop', {'seeds': 9}).seeds, 9)

  def test_both_methods_have_as_many_candidates_at_every_scale(self):
    for scale in scales.SCALES:
      settings = scales.scaled(scale, {})
      self.assertLen(
          settings.regular_learning_rates,
          len(settings.sobolev_learning_rates) * len(settings.alphas),
      )
    with self.assertRaisesRegex(
        errors.UserError, '--regular_learning_rates: 20, .* 5 .* x 2 .* = 10'
    ):
      scales.scaled('laptop', {'alphas': (1.0, 10.0)})


if __name__ == '__main__':
  absltest.main()
