"""The paper's claims, and our verdict on each, computed from the rows.

results/claims.csv has a claim a row: the rule that decides it, a function of
`regression_rules`, `row_rules` or `order_rules`, and that rule's thresholds,
which have no defaults: `functions=all; sizes=20 100; need=6`.
"""

import csv
import inspect
import pathlib
import typing
from typing import Any
from typing import NamedTuple

from experiment import errors
from report import evidence as evidence_lib
from report import order_rules
from report import regression_rules
from report import row_rules

RULES = {
    rule.__name__: rule
    for rule in (
        order_rules.far_better,
        order_rules.ordered,
        regression_rules.captures_shape,
        regression_rules.lower_error,
        regression_rules.only_exception,
        regression_rules.ratio_at_least,
        regression_rules.stronger_with_few,
        regression_rules.which_is_better,
        row_rules.better,
        row_rules.larger_effect,
        row_rules.little_overfitting,
        row_rules.steadier,
    )
}


class Claim(NamedTuple):
  """A row of claims.csv.

  Attributes:
    id: a short name.
    artifact: the figure or table that shows it.
    section: the paper's section.
    claim: what the paper says, in our words.
    rule: the name of the rule.
    parameters: its thresholds, as written.
  """

  id: str
  artifact: str
  section: str
  claim: str
  rule: str
  parameters: str


def read(path: pathlib.Path) -> list[Claim]:
  """Reads claims.csv and checks that each claim can be judged.

  Raises:
    UserError: there is no such file, an unknown rule, or a wrong threshold.
  """
  try:
    with errors.naming(path), open(path, encoding='utf-8', newline='') as file:
      claims = [Claim(**row) for row in csv.DictReader(file)]
  except FileNotFoundError:
    raise errors.UserError(
        f'{path}: no such file: --results is the folder with claims.csv'
    ) from None
  except TypeError:
    raise errors.UserError(
        f'{path}: wrong columns: expected {",".join(Claim._fields)}'
    ) from None
  for claim in claims:
    if claim.rule not in RULES:
      raise errors.UserError(
          f'{path}: claim {claim.id}: no rule {claim.rule!r}: expected one of '
          f'{", ".join(sorted(RULES))}'
      )
    try:
      parameters(claim)
    except ValueError as error:
      raise errors.UserError(f'{path}: claim {claim.id}: {error}') from None
  return claims


def parameters(claim: Claim) -> dict[str, Any]:
  """The thresholds of a claim's rule, read.

  Raises:
    ValueError: one is missing, unknown or not a value.
  """
  rule = RULES[claim.rule]
  types = typing.get_type_hints(rule)
  expected = [
      name
      for name, parameter in inspect.signature(rule).parameters.items()
      if parameter.kind == parameter.KEYWORD_ONLY
  ]
  texts = dict(
      tuple(map(str.strip, item.partition('=')[::2]))
      for item in claim.parameters.split(';')
  )
  if sorted(texts) != sorted(expected):
    raise ValueError(
        f'{claim.rule} takes {", ".join(expected)}; got {", ".join(texts)}'
    )
  return {name: _value(name, texts[name], types[name]) for name in expected}


def explanation(claim: Claim) -> str:
  """What a claim's rule asks for, in a sentence."""
  return inspect.getdoc(RULES[claim.rule]).partition('\n')[0]


def _value(name: str, text: str, type_: Any) -> Any:
  try:
    if type_ is bool:
      return {'yes': True, 'no': False}[text]
    if typing.get_origin(type_) is tuple:
      return tuple(map(typing.get_args(type_)[0], text.split()))
    return type_(text)
  except (KeyError, ValueError):
    expected = {
        bool: 'yes or no',
        int: 'a whole number',
        float: 'a number',
        order_rules.Order: 'methods with < or <= between them',
    }
    raise ValueError(
        f'{name}={text}: expected {expected.get(type_, "whole numbers")}'
    ) from None


def judge(
    claim: Claim, evidence: evidence_lib.Evidence
) -> evidence_lib.Finding:
  """Judges a claim on the rows of one scale."""
  try:
    return RULES[claim.rule](evidence, **parameters(claim))
  except evidence_lib.InsufficientError as error:
    return error.finding
