import dataclasses

from absl.testing import absltest

from experiment import config
from regression import choices
from regression import train


class ChoicesTest(absltest.TestCase):

  def test_each_choice_differs_from_the_defaults(self):
    defaults = train.Settings(**choices.SHORT)
    seen = {defaults}
    for name, changes in choices.CHOICES.items():
      settings = dataclasses.replace(defaults, **changes)
      config.validate(settings)
      if name != 'defaults':
        self.assertNotIn(settings, seen, name)
      seen.add(settings)
    self.assertContainsSubset(choices.SMALLEST, choices.CHOICES)


if __name__ == '__main__':
  absltest.main()
