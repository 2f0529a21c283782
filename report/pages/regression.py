# SPDX-License-Identifier: Apache-2.0
"""The results of section 4.1: Figures 2 and 3, and what settings do."""

from collections.abc import Collection
from collections.abc import Iterator
import math

from report import effects as effects_lib
from report import names
from report import networks as networks_lib
from report import results as results_lib
from report.pages import markdown
from report.pages import words
from report.rows import regression

_WHEN = (networks_lib.LAST, networks_lib.EARLY)


def blocks(
    results: results_lib.Results, scale: str | None, drawn: Collection[str]
) -> Iterator[str]:
  """Yields the section's tables and figures.

  Args:
    results: all rows.
    scale: that verdicts are about.
    drawn: the names of the figures that there are.
  """
  yield (
      'The paper shows its errors as bars without numbers, so there are none '
      'to stand beside ours. A verdict map shows log10 of the regular over the '
      'Sobolev test error during training: blue where Sobolev Training is '
      'better, bold where p < 0.05 in that cell at that step, without '
      'correction for their number.'
  )
  for name in sorted(n for n in drawn if n.startswith('verdict_map')):
    yield markdown.figure(name, 'log10 of the ratio of errors during training')
  if scale:
    networks = networks_lib.of(results, scale)
    yield f'### Figure 2 at scale {markdown.code(scale)}'
    yield (
        'Bars start at the error of predicting the mean; their length is the '
        'number of orders of magnitude gained.'
    )
    yield markdown.figure('figure2', 'Test errors of both methods')
    yield _errors(networks, 'test_mse')
    yield (
        'Errors are log10 of the mean squared error, mean ± half of the 95 % '
        'interval (seeds). The ratio is regular over Sobolev, of geometric '
        'means: above 1, Sobolev Training is better. p is of a paired t-test, '
        "by Holm's method over the table."
    )
    yield '### Errors of the gradients'
    yield markdown.figure('figure2_gradients', 'Errors of the gradients')
    yield _errors(networks, 'test_gradient_mse')
  for name, title in (
      ('figure2_steps', 'over steps'), ('figure2_seconds', 'over time')
  ):
    if name in drawn:
      yield f'### Learning curves {title}'
      yield markdown.figure(name, f'Test errors {title}')
  if 'figure2_settings' in drawn:
    yield '### What the settings do'
    yield (
        'Recipes other than the judged one are exploratory. A recipe is named '
        'by its scale and by the settings that differ from it. The cells of a '
        "recipe are counted after Holm's correction for their number. The "
        'figure leaves out recipes of one or two cells.'
    )
    yield markdown.figure('figure2_settings', 'Ratio of errors by recipe')
    yield _recipes(results)
  yield '### Figure 3: surfaces'
  surfaces = sorted(n for n in drawn if n.startswith('figure3_'))
  for name in surfaces:
    yield markdown.figure(name, 'A function and its models as surfaces')
  if not surfaces:
    yield 'Not run.'


def _errors(networks: networks_lib.Networks, metric: str) -> str:
  """The table of a metric, one row per cell."""
  effects = {
      when: {
          cell: effects_lib.paired(list(found.values()))
          for cell in networks.cells
          if (found := networks.effects(cell, when, metric=metric))
      }
      for when in _WHEN
  }
  p_values = {}
  for when, found in effects.items():
    corrected = effects_lib.holm([effect.p for effect in found.values()])
    p_values[when] = dict(zip(found, corrected, strict=True))
  rows = []
  for cell in networks.cells:
    baseline = networks.baselines.get(cell.function)
    row = [
        markdown.plain(names.title(cell.function)),
        f'{cell.size:,}',
        f'{math.log10(getattr(baseline, metric)):.2f}' if baseline else '',
    ]
    for arm in (networks_lib.REGULAR, networks_lib.SOBOLEV):
      ends = networks.ends(cell, arm).values()
      logs = [math.log10(getattr(end, metric)) for end in ends]
      row.append(words.mean(logs, decimals=2))
    for when in _WHEN:
      found = effects[when].get(cell)
      row += [_ratio(found), words.p_value(p_values[when].get(cell))]
    rows.append(row)
  mean = 'mean' if metric == 'test_mse' else 'gradient 0'
  header = ['Function', 'Points', f'Predicting the {mean}']
  header += names.METHODS.values()
  for when in _WHEN:
    header += [f'Ratio {when} (95 %)', 'p']
  return markdown.table(header, rows, numbers_from=1)


def _ratio(found: effects_lib.Effect | None) -> str:
  if found is None:
    return ''
  if math.isinf(found.low):
    return words.times(found.value)
  ends = f'{words.times(found.low)} to {words.times(found.high)}'
  return f'{words.times(found.value)} ({ends})'


def _recipes(results: results_lib.Results) -> str:
  """One row per recipe and gradient term: how many cells each side wins."""
  rows = []
  for scale in results.scales(regression.Evaluation):
    networks = networks_lib.of(results, scale)
    for arm in networks.arms:
      if arm == networks_lib.REGULAR:
        continue
      row = [
          markdown.code(scale), f'{arm.gradient_weight:g}',
          markdown.plain(arm.distance),
      ]
      for when in _WHEN:
        effects = [
            effects_lib.paired(list(found.values()))
            for cell in networks.cells
            if (found := networks.effects(cell, when, arm))
        ]
        corrected = effects_lib.holm([e.p for e in effects])
        sure = [
            e for e, p in zip(effects, corrected, strict=True)
            if p <= 1 - effects_lib.CONFIDENCE
        ]
        won = sum(e.value > 0 for e in sure)
        row.append(
            f'{won} : {len(sure) - won} of {len(effects)}' if effects else ''
        )
      counts = [len(networks.effects(c, arm=arm)) for c in networks.cells]
      rows.append([*row, names.seeds(filter(None, counts))])
  header = [
      'Recipe', 'Gradient weight', 'Distance',
      *(f'Significantly better : worse, {when}' for when in _WHEN), 'Seeds',
  ]
  return markdown.table(header, rows, numbers_from=3)
