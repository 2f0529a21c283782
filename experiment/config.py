# SPDX-License-Identifier: Apache-2.0
"""A program's settings: a frozen dataclass, and absl flags made from it.

    @dataclasses.dataclass(frozen=True)
    class Config:
      steps: int = config.setting(1000, 'Updates of the weights.', minimum=1)
      learning_rate: float = config.setting(
          3e-5, "Adam's learning rate.", source='supplement [M]', above=0
      )

    config.define_flags(Config)            # --steps and --learning_rate
    settings = config.from_flags(Config)   # in main()

A default is written once, in the dataclass; its flag's help states the unit,
the source and the values allowed. The types are int, float, bool, str,
tuple[int, ...], tuple[str, ...], int | None and float | None; on the command
line a tuple is `1,2,3` and None is `none`.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import json
import math
import types
import typing
from typing import Any
from typing import TypeVar

from absl import flags

from experiment import errors

T = TypeVar('T')

# What this module defines belongs to the module that asks for it, so that
# --help shows it.
flags.disclaim_key_flags()

_NAMES = {
    bool: 'true or false',
    float: 'a number',
    int: 'an integer',
    str: 'a string',
}
# The least and the greatest size of a float32, in which programs compute.
_FLOAT32 = (1.1754943508222875e-38, 3.4028234663852886e38)
_INT32 = 2**31 - 1


def setting(
    default: Any,
    help: str,  # pylint: disable=redefined-builtin
    unit: str = '',
    source: str = '',
    choices: Sequence[Any] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    *,
    above: float | None = None,
    affects_result: bool = True,
    distinct: bool = False,
) -> Any:
  """Declares a field of a configuration.

  Args:
    default: the value without a flag.
    help: what the setting does.
    unit: the unit of the value, for the help.
    source: where the default comes from: a section of the paper, or a mark.
    choices: the only values allowed; for a tuple, of its items.
    minimum: the least value allowed; for a tuple, of its items.
    maximum: the greatest value allowed; for a tuple, of its items.
    above: a bound that the value must exceed; for a tuple, its items.
    affects_result: whether the numbers depend on it. A run may be resumed with
      another value of a setting that they do not depend on.
    distinct: whether a tuple must have an item, and none twice.

  Returns:
    A `dataclasses.field`.
  """
  rules = types.SimpleNamespace(
      help=help,
      unit=unit,
      source=source,
      choices=choices,
      minimum=minimum,
      maximum=maximum,
      above=above,
      affects_result=affects_result,
      distinct=distinct,
  )
  return dataclasses.field(default=default, metadata={'rules': rules})


class _Parser(flags.ArgumentParser):
  """Parses and checks the values of one setting."""

  def __init__(self, field: dataclasses.Field, hint: Any):
    super().__init__()
    self.rules = field.metadata['rules']
    arguments = typing.get_args(hint)
    self.optional = types.NoneType in arguments
    self.is_tuple = typing.get_origin(hint) is tuple
    self.type = arguments[0] if arguments else hint
    if self.type not in _NAMES or (self.is_tuple and arguments[1] != ...):
      raise TypeError(f'setting {field.name}: no flag for the type {hint}')
    self.syntactic_help = self._expected()

  def flag_type(self) -> str:
    return self.syntactic_help

  def _expected(self) -> str:
    """Says in words which values are allowed."""
    rules = self.rules
    if rules.choices is not None:
      text = 'one of ' + ', '.join(map(str, rules.choices))
    else:
      text = _NAMES[self.type]
    bounds = (
        ('above', rules.above),
        ('at least', rules.minimum),
        ('at most', rules.maximum),
    )
    limits = [f'{word} {b:g}' for word, b in bounds if b is not None]
    text = ' '.join([text, ' and '.join(limits)]).strip()
    if self.is_tuple:
      text = f'a comma-separated list, each {text}'
      if rules.distinct:
        text += ', none twice'
    return f'{text}, or none' if self.optional else text

  def parse(self, argument: Any) -> Any:
    """Reads the flag's text; absl gives it the default too, as it is."""
    if isinstance(argument, str):
      argument = self._from_text(argument)
    return self.check(argument)

  def check(self, value: Any) -> Any:
    """Returns an allowed value, and raises ValueError for another."""
    items = value if isinstance(value, tuple) else (value,)
    right_shape = isinstance(value, tuple) == self.is_tuple
    if value is None and self.optional:
      return value
    distinct = not self.rules.distinct or 0 < len(items) == len(set(items))
    if not right_shape or not distinct or not all(map(self._allowed, items)):
      raise ValueError(f'expected {self.syntactic_help}')
    if self.type is float and not all(map(self._fits_float32, items)):
      raise ValueError(
          f'expected {self.syntactic_help}, of a size that float32 has: '
          f'{_FLOAT32[0]:.2g} to {_FLOAT32[1]:.2g}'
      )
    if self.type is int and any(abs(item) > _INT32 for item in items):
      raise ValueError(
          f'expected {self.syntactic_help}, of a size that int32 has: at most '
          f'{_INT32}'
      )
    return value

  def _fits_float32(self, number: float) -> bool:
    least, greatest = _FLOAT32
    # What must be above 0 must not become 0.
    vanishes = self.rules.above == 0 and number < least
    return abs(number) <= greatest and not vanishes

  def _from_text(self, text: str) -> Any:
    if self.optional and text.lower() == 'none':
      return None
    try:
      if self.is_tuple:
        return tuple(map(self.type, text.split(','))) if text else ()
      return self.type(text)
    except ValueError:
      raise ValueError(f'expected {self.syntactic_help}') from None

  def _allowed(self, item: Any) -> bool:
    rules = self.rules
    if self.type is float and type(item) is int and item < 2**1000:
      item = float(item)
    if type(item) is not self.type:
      return False
    if self.is_tuple and self.type is str and (not item or ',' in item):
      return False
    if self.type is float and not math.isfinite(item):
      return False
    return (
        (rules.choices is None or item in rules.choices)
        and (rules.above is None or item > rules.above)
        and (rules.minimum is None or item >= rules.minimum)
        and (rules.maximum is None or item <= rules.maximum)
    )


def _parsers(cls: type) -> list[tuple[dataclasses.Field, _Parser]]:
  hints = typing.get_type_hints(cls)
  for field in dataclasses.fields(cls):
    if 'rules' not in field.metadata:
      raise TypeError(f'{cls.__name__}.{field.name} is not a config.setting()')
  return [(f, _Parser(f, hints[f.name])) for f in dataclasses.fields(cls)]


def define_flags(
    cls: type, flag_values: flags.FlagValues = flags.FLAGS
) -> None:
  """Defines a flag for each field of a configuration.

  Args:
    cls: a frozen dataclass whose fields are all `setting`s.
    flag_values: where to define them.

  Raises:
    TypeError: a field is not a setting, or has a type that has no flag.
  """
  for field, parser in _parsers(cls):
    rules = parser.rules
    notes = [rules.unit, rules.source and f'source: {rules.source}']
    if not rules.affects_result:
      notes.append('does not change the result')
    notes = '; '.join(filter(None, notes))
    text = f'{rules.help} [{notes}]' if notes else rules.help
    if parser.type is bool:
      flags.DEFINE_bool(field.name, field.default, text, flag_values)
    else:
      flags.DEFINE(
          parser,
          field.name,
          field.default,
          text,
          flag_values,
          serializer=_Serializer(),
      )


class _Serializer(flags.ArgumentSerializer):

  def serialize(self, value: Any) -> str:
    return to_text(value)


def from_flags(cls: type[T], flag_values: flags.FlagValues = flags.FLAGS) -> T:
  """The configuration that the command line asked for."""
  names = [field.name for field in dataclasses.fields(cls)]
  return cls(**{name: flag_values[name].value for name in names})


def given(
    cls: type, flag_values: flags.FlagValues = flags.FLAGS
) -> dict[str, Any]:
  """The settings that were given on the command line, by name."""
  names = [field.name for field in dataclasses.fields(cls)]
  return {n: flag_values[n].value for n in names if flag_values[n].present}


def validate(config: Any) -> None:
  """Checks a configuration that was made in Python.

  Raises:
    UserError: a value is not allowed; names the flag and what was expected.
  """
  for field, parser in _parsers(type(config)):
    value = getattr(config, field.name)
    try:
      parser.check(value)
    except ValueError as error:
      raise errors.UserError(
          f'flag --{field.name}={to_text(value)}: {error}'
      ) from None


def to_text(value: Any) -> str:
  """A value as it is written on the command line."""
  if value is None:
    return 'none'
  if isinstance(value, bool):
    return str(value).lower()
  if isinstance(value, tuple | list):  # JSON has lists.
    return ','.join(map(to_text, value))
  return str(value)


def to_arguments(config: Any) -> list[str]:
  """The flags of the settings that differ from their defaults.

  Returns:
    One flag per setting, such as `--steps=1000`, for `from_flags` to read back.

  Raises:
    UserError: a value is not allowed.
  """
  validate(config)
  return [
      f'--{field.name}={to_text(getattr(config, field.name))}'
      for field in dataclasses.fields(config)
      if getattr(config, field.name) != field.default
  ]


def to_json(config: Any) -> dict[str, Any]:
  """The settings as JSON values."""
  return json.loads(json.dumps(dataclasses.asdict(config)))


def affecting(config: Any) -> dict[str, Any]:
  """The settings that the result depends on."""
  return {
      field.name: getattr(config, field.name)
      for field in dataclasses.fields(config)
      if field.metadata['rules'].affects_result
  }


def differences(config: Any, before: Mapping[str, Any]) -> list[str]:
  """Says which settings that affect the result differ from earlier ones.

  A class whose settings have changed may have a static method `upgrade`, which
  takes what `to_json` gave for earlier ones, and returns what it gives now.

  Args:
    config: the settings now.
    before: what `to_json` gave for the earlier ones.

  Returns:
    A phrase per setting, such as `--steps was 100 and is now 200`.
  """
  before = getattr(config, 'upgrade', lambda before: before)(before)
  now = to_json(config)
  free = {
      field.name
      for field in dataclasses.fields(config)
      if not field.metadata['rules'].affects_result
  }
  names = [name for name in {**before, **now} if name not in free]
  missing = 'not there'
  return [
      f'--{name} was {to_text(before.get(name, missing))} and is now '
      f'{to_text(now.get(name, missing))}'
      for name in names
      if before.get(name, missing) != now.get(name, missing)
  ]


def describe(scales: Mapping[str, Mapping[str, Any]]) -> str:
  """Says in words which settings each of some names sets, for a help."""
  return '; '.join(
      f'{name}: '
      + (' '.join(f'{k}={to_text(v)}' for k, v in own.items()) or 'as below')
      for name, own in scales.items()
  )


def label(name: str, config: Any, standard: Any) -> str:
  """Names settings by a standard, and by how they differ from it.

  Rows of settings that are not the standard must not stand under its name.

  Args:
    name: the standard's name.
    config: the settings.
    standard: what the name stands for.

  Returns:
    Such as `laptop` or `laptop steps=100`.
  """
  values = {
      field.name: getattr(config, field.name)
      for field in dataclasses.fields(config)
      if field.metadata['rules'].affects_result
      and getattr(config, field.name) != getattr(standard, field.name)
  }
  return ' '.join([name, *(f'{k}={to_text(v)}' for k, v in values.items())])
