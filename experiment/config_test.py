# SPDX-License-Identifier: Apache-2.0
"""Tests for config."""

import dataclasses

from absl import flags
from absl.testing import absltest
from absl.testing import parameterized

from experiment import config
from experiment import errors


@dataclasses.dataclass(frozen=True)
class Config:
  steps: int = config.setting(100, 'Updates of the weights.', minimum=1)
  learning_rate: float = config.setting(
      3e-5,
      "Adam's learning rate.",
      unit='1',
      source='supplement [M]',
      above=0,
      maximum=10,
  )
  weight: float = config.setting(1.0, 'Of the gradient term.', minimum=0)
  standardise: bool = config.setting(False, 'Scale the data.')
  method: str = config.setting(
      'sobolev', 'The loss.', choices=('regular', 'sobolev')
  )
  widths: tuple[int, ...] = config.setting(
      (256, 256), 'Units a layer.', minimum=1
  )
  functions: tuple[str, ...] = config.setting(('ackley',), 'Which functions.')
  sizes: tuple[int, ...] = config.setting((20,), 'Points.', distinct=True)
  batch: int | None = config.setting(None, 'Batch; all points if none.')
  clip: float | None = config.setting(None, 'Largest norm.', above=0)
  threads: int = config.setting(
      0, 'Threads to use.', minimum=0, affects_result=False
  )


def parse(*arguments: str) -> Config:
  values = flags.FlagValues()
  config.define_flags(Config, values)
  values(['program', *arguments])
  return config.from_flags(Config, values)


class FlagsTest(parameterized.TestCase):

  def test_defaults_are_those_of_the_dataclass(self):
    self.assertEqual(parse(), Config())

  @parameterized.parameters(
      ('--steps=7', 'steps', 7),
      ('--learning_rate=1e-3', 'learning_rate', 0.001),
      ('--learning_rate=1', 'learning_rate', 1.0),
      ('--standardise', 'standardise', True),
      ('--nostandardise', 'standardise', False),
      ('--standardise=true', 'standardise', True),
      ('--method=regular', 'method', 'regular'),
      ('--widths=8', 'widths', (8,)),
      ('--widths=8,16,8', 'widths', (8, 16, 8)),
      ('--widths=', 'widths', ()),
      ('--functions=booth,beale', 'functions', ('booth', 'beale')),
      ('--batch=32', 'batch', 32),
      ('--batch=none', 'batch', None),
      ('--clip=0.5', 'clip', 0.5),
      ('--clip=none', 'clip', None),
  )
  def test_reads(self, argument, name, value):
    expected = dataclasses.replace(Config(), **{name: value})
    self.assertEqual(parse(argument), expected)
    self.assertIs(type(getattr(parse(argument), name)), type(value))

  @parameterized.parameters(
      ('--steps=0', 'expected an integer at least 1'),
      ('--steps=1.5', 'expected an integer at least 1'),
      ('--steps=', 'expected an integer at least 1'),
      ('--steps=2147483648', 'at least 1, of a size that int32 has: at most 2'),
      ('--learning_rate=0', 'expected a number above 0 and at most 10'),
      ('--learning_rate=11', 'expected a number above 0 and at most 10'),
      ('--learning_rate=nan', 'expected a number above 0 and at most 10'),
      ('--weight=inf', 'expected a number at least 0'),
      ('--weight=nan', 'expected a number at least 0'),
      ('--weight=one', 'expected a number at least 0'),
      ('--weight=1e39', 'expected a number at least 0, of a size that fl'),
      ('--clip=1e-39', 'expected a number above 0, or none, of a size'),
      ('--clip=1e39', 'expected a number above 0, or none, of a size'),
      ('--standardise=maybe', 'boolean'),
      ('--method=Sobolev', 'expected one of regular, sobolev'),
      ('--widths=8,0', 'comma-separated list, each an integer at least 1'),
      ('--widths=8,,8', 'comma-separated list, each an integer'),
      ('--functions=a,,b', 'comma-separated list, each a string'),
      ('--sizes=20,100,20', 'each an integer, none twice'),
      ('--sizes=', 'each an integer, none twice'),
      ('--batch=many', 'expected an integer, or none'),
      ('--clip=-1', 'expected a number above 0, or none'),
  )
  def test_refuses(self, argument, expected):
    name = argument.partition('=')[0].lstrip('-')
    with self.assertRaisesRegex(
        flags.IllegalFlagValueError, f'flag --{name}=.*{expected}'
    ) as caught:
      parse(argument)
    self.assertNotIn('\n', str(caught.exception))

  def test_help_tells_unit_source_range_and_default(self):
    values = flags.FlagValues()
    config.define_flags(Config, values)
    text = ' '.join(values.get_help().split())
    self.assertIn(
        "--learning_rate: Adam's learning rate. [1; source: supplement [M]] "
        "(default: '3e-05') (a number above 0 and at most 10)",
        text,
    )
    self.assertIn('[does not change the result]', text)
    self.assertIn('(one of regular, sobolev)', text)
    self.assertIn("(default: '256,256')", text)

  def test_describes_what_names_set(self):
    self.assertEqual(
        config.describe({
            'smoke': {'steps': 2, 'widths': (8, 8)}, 'paper': {}
        }),
        'smoke: steps=2 widths=8,8; paper: as below',
    )

  def test_flags_belong_to_the_module_that_defines_them(self):
    values = flags.FlagValues()
    config.define_flags(Config, values)
    self.assertNotIn(config.__name__, values.flags_by_module_dict())
    self.assertLen(values.flags_by_module_dict(), 1)

  def test_unknown_types_are_refused(self):
    @dataclasses.dataclass(frozen=True)
    class Wrong:
      table: dict = config.setting(None, 'A table.')

    with self.assertRaisesRegex(TypeError, "setting table: .*'dict'"):
      config.define_flags(Wrong, flags.FlagValues())

  def test_fields_without_help_are_refused(self):
    @dataclasses.dataclass(frozen=True)
    class Wrong:
      steps: int = 3

    with self.assertRaisesRegex(TypeError, r'Wrong.steps .* config.setting'):
      config.define_flags(Wrong, flags.FlagValues())


class PythonTest(parameterized.TestCase):

  @parameterized.parameters(
      Config(),
      Config(steps=3, standardise=True, widths=(), batch=8, clip=1.5),
      Config(learning_rate=0.1 + 0.2, functions=('a', 'b'), method='regular'),
      Config(weight=5e-324, widths=(1,)),
  )
  def test_arguments_give_the_configuration_again(self, settings):
    self.assertEqual(parse(*config.to_arguments(settings)), settings)

  def test_arguments_are_those_that_differ_from_the_defaults(self):
    self.assertEqual(config.to_arguments(Config()), [])
    self.assertEqual(
        config.to_arguments(Config(widths=(8, 8), batch=4)),
        ['--widths=8,8', '--batch=4'],
    )

  @parameterized.parameters(
      dict(steps=0),
      dict(steps=1.0),
      dict(steps=True),
      dict(steps=None),
      dict(learning_rate='0.1'),
      dict(weight=float('nan')),
      dict(standardise=1),
      dict(widths=8),
      dict(widths=[8, 8]),
      dict(functions=('a,b',)),
      dict(functions='ackley'),
      dict(method='other'),
  )
  def test_wrong_values_are_named(self, **change):
    (name,) = change
    with self.assertRaisesRegex(
        errors.UserError, f'^flag --{name}=.*: expected [^\n]*$'
    ):
      config.to_arguments(Config(**change))

  def test_whole_numbers_are_numbers(self):
    config.validate(Config(learning_rate=1, clip=2))

  def test_differences_name_what_changed(self):
    before = config.to_json(Config())
    now = Config(steps=200, widths=(8,), batch=3, threads=4)
    self.assertEqual(
        config.differences(now, before),
        [
            '--steps was 100 and is now 200',
            '--widths was 256,256 and is now 8',
            '--batch was none and is now 3',
        ],
    )
    self.assertEqual(config.differences(Config(), before), [])

  def test_differences_name_settings_that_came_or_went(self):
    before = config.to_json(Config())
    del before['clip']
    before['old'] = True
    self.assertEqual(
        config.differences(Config(), before),
        [
            '--old was true and is now not there',
            '--clip was not there and is now none',
        ],
    )

  def test_settings_of_before_are_upgraded(self):
    class Later(Config):

      @staticmethod
      def upgrade(before):
        return {k: v for k, v in before.items() if (k, v) != ('old', True)}

    before = {**config.to_json(Config()), 'old': True}
    self.assertEqual(config.differences(Later(), before), [])
    before['old'] = False
    self.assertEqual(
        config.differences(Later(), before),
        ['--old was false and is now not there'],
    )


if __name__ == '__main__':
  absltest.main()
