import dataclasses

from absl.testing import absltest

from agents.distillation import scales


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


if __name__ == '__main__':
  absltest.main()
