"""The report's part on regression: figure 2 (section 4.1)."""

from collections.abc import Iterator
from collections.abc import Sequence
import math
import statistics

import numpy as np

from report import claims as claims_lib
from report import comparison
from report import document
from report import evidence as evidence_lib
from report import loading
from report import regression_rules
from report import rows

Evidence = evidence_lib.Evidence
NOT_RUN = evidence_lib.NOT_RUN

_MEAN_OF = {
    'test_mse': 'Predicting the mean',
    'test_gradient_mse': 'Gradient of zero',
}


def extent(evidence: Evidence) -> str:
  """How much was run, in words."""
  networks = evidence.networks
  seeds = [
      len(evidence.errors(cell, method))
      for cell in evidence.cells()
      for method in rows.METHODS
  ]
  steps = sorted({row.steps for row in networks})
  names = rows.functions(networks)
  sizes = ', '.join(f'{n:,}' for n in sorted({row.size for row in networks}))
  return (
      f'{len(names)} function{"s" * (len(names) > 1)}, {sizes} points, '
      f'{_range(seeds)} seed{"s" * (max(seeds) > 1)} a method, '
      f'{_range(steps)} steps'
  )


def _range(values: Sequence[int]) -> str:
  low, high = min(values), max(values)
  return f'{low:,}' if low == high else f'{low:,} to {high:,}'


def figure2(
    found: loading.Results, draw: dict[str, document.Figure]
) -> Iterator[document.Block]:
  """Yields figure 2, its tables, and how sure the numbers are.

  Args:
    found: the results.
    draw: the figures by name.
  """
  yield document.Heading(2, 'Figure 2: regression')
  yield document.Paragraph(
      'Test errors of regular and Sobolev Training on the seven functions of '
      "section 4.1. The paper's figure is a bar chart without numbers, so "
      'there is none to stand beside ours; what its text says about it is in '
      'the claims above. Bars start at the error of predicting the mean: '
      'their length is the number of orders of magnitude gained, and is '
      'comparable from panel to panel.'
  )
  scale = found.shown(s for s, e in found.evidence.items() if e.networks)
  if scale is None:
    yield document.Paragraph('Not run.')
    return
  evidence = found.evidence[scale]
  yield document.Paragraph(f'Scale `{scale}`: {extent(evidence)}.')
  yield draw['figure2']
  yield from _errors(evidence, 'test_mse')
  yield document.Paragraph(
      'Errors are log10 of the mean squared error, mean ± standard deviation '
      'over seeds. The ratio is that of the geometric means: above 1, Sobolev '
      'Training is better. Tests are paired over seeds and two-sided. '
      f'{_agreement(evidence)}'
  )
  yield document.Heading(3, 'Are the networks trained to the end?')
  yield document.Paragraph(_plateau(found.claims, evidence))
  yield document.Heading(3, 'Errors of the gradients')
  yield draw['figure2_gradients']
  yield from _errors(evidence, 'test_gradient_mse')
  if 'figure2_steps' in draw:
    yield document.Heading(3, 'Learning curves')
    curves = [point for point in found.curves if point.scale == scale]
    yield document.Paragraph(_equal_time(evidence, curves))
    yield draw['figure2_steps']
    yield draw['figure2_seconds']
  for other in found.evidence.values():
    if other.networks and other.scale != scale:
      yield document.Heading(3, f'Figure 2 at scale {other.scale}')
      yield document.Paragraph(f'{extent(other)}.')
      yield from _errors(other, 'test_mse')


def _errors(evidence: Evidence, metric: str) -> Iterator[document.Block]:
  """Yields the table of a metric, a row a cell."""
  cells = {cell: None for cell in evidence.cells()}
  if evidence.scale == 'paper':
    cells = {(f, s): None for f in rows.TITLES for s in rows.SIZES} | cells
  differences = {cell: evidence.differences(cell, metric) for cell in cells}
  gains = {
      cell: comparison.of_differences(values)
      for cell, values in differences.items()
      if values
  }
  corrected = comparison.holm([gain.p for gain in gains.values()])
  p_values = dict(zip(gains, corrected, strict=True))
  lines = []
  for cell in cells:
    name = [rows.title(cell[0]), f'{cell[1]:,}']
    if cell not in gains:
      lines.append([*name, *[NOT_RUN] * 7])
      continue
    gain = gains[cell]
    baseline = getattr(evidence.baselines[cell[0]], f'log_{metric}')
    lines.append([
        *name,
        f'{baseline:.2f}',
        *(_spread(evidence, cell, method, metric) for method in rows.METHODS),
        regression_rules.times(gain.gain),
        _interval(gain),
        _p(p_values[cell], gain),
        _p(comparison.signed_rank(differences[cell]), gain),
    ])
  yield document.Table(
      (
          'Function',
          'Points',
          _MEAN_OF[metric],
          'Regular',
          'Sobolev',
          'Regular / Sobolev',
          '95 % interval',
          'p (t, Holm)',
          'p (Wilcoxon)',
      ),
      lines,
      numbers_from=1,
  )


def _spread(evidence, cell, method, metric) -> str:
  found = comparison.sample(
      list(evidence.errors(cell, method, metric).values())
  )
  return f'{found.mean:.2f} ± {found.std:.2f}' if found.n > 1 else (
      f'{found.mean:.2f}'
  )


def _interval(gain: comparison.Comparison) -> str:
  if math.isinf(gain.low):
    return 'one seed'
  low, high = map(regression_rules.times, (gain.low, gain.high))
  return f'{low} to {high}'


def _p(p: float, gain: comparison.Comparison) -> str:
  if gain.n == 1:
    return '–'
  return '< 0.001' if p < 0.001 else f'{p:.3f}'


def _agreement(evidence: Evidence) -> str:
  """Says whether a test without the normal distribution says the same."""
  cells = [*filter(None, map(evidence.differences, evidence.cells()))]
  same = sum(
      (comparison.of_differences(values).p <= 0.05)
      == (comparison.signed_rank(values) <= 0.05)
      for values in cells
  )
  return (
      'Without a correction, the t-test and the signed-rank test agree about '
      f'significance (0.05) in {same} of {len(cells)} cells.'
  )


def _plateau(claims: Sequence[claims_lib.Claim], evidence: Evidence) -> str:
  """Says how much the last quarter of training changed."""
  changes = [
      abs(math.log10(row.test_mse / row.earlier_test_mse))
      for row in evidence.networks
  ]
  networks = [
      row._replace(test_mse=row.earlier_test_mse) for row in evidence.networks
  ]
  earlier = Evidence(evidence.scale, networks, evidence.baselines)
  changed = []
  for claim in claims:
    if claim.artifact in ('figure2', 'figure3'):
      now = claims_lib.judge(claim, evidence).verdict
      before = claims_lib.judge(claim, earlier).verdict
      if now != before:
        changed.append(f'"{claim.claim}" {before}')
  verdicts = 'no verdict would be another'
  if changed:
    verdicts = f'these verdicts would be others: {"; ".join(changed)}'
  return (
      'Over the last quarter of the steps, the test error of a network changed '
      f'by {_percent(statistics.median(changes))} (median; 95th percentile '
      f'{_percent(float(np.quantile(changes, 0.95)))}). Had training stopped '
      f'after three quarters, {verdicts}.'
  )


def _percent(gain: float) -> str:
  return f'{100 * (10**gain - 1):.2g} %'


def _equal_time(evidence: Evidence, curves: Sequence[rows.CurvePoint]) -> str:
  """Says what a Sobolev step costs, and who is ahead at equal time."""
  ratios, ahead, total = [], 0, 0
  for cell in evidence.cells():
    regular, sobolev = (
        sorted(
            (p.seconds, p.log_test_mse_mean)
            for p in curves
            if (p.function, p.size, p.method) == (*cell, method)
        )
        for method in rows.METHODS
    )
    if regular and sobolev:
      moment = min(regular[-1][0], sobolev[-1][0])
      errors = [
          np.interp(moment, *zip(*curve, strict=True))
          for curve in (regular, sobolev)
      ]
      ratios.append(sobolev[-1][0] / regular[-1][0])
      ahead += bool(errors[1] < errors[0])
      total += 1
  return (
      'At equal steps both methods have seen the same points. Sobolev Training '
      f'took {statistics.median(ratios):.2f} times as long (median). At equal '
      f'time, its error is the lower one in {ahead} of {total} cells.'
  )
