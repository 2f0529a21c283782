"""The report's part on synthetic gradients: table 1 (section 4.3)."""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence

from experiment import results
from report import comparison
from report import document
from report import evidence
from report import loading
from report import overview
from report import seed_runs
from report import table1_rows

NOT_RUN = evidence.NOT_RUN

_DASH = '–'

Rows = Mapping[tuple[str, str, str], results.Row]

# The columns of `Alignment` in the table of where training ended.
_METRICS = {
    'cosine': 'Cosine',
    'norm_ratio': 'Ratio of norms',
    'loss_error': 'Error of the loss',
    'asymmetry': 'Asymmetry',
}


def table1(
    found: loading.Results, draw: Mapping[str, document.Figure]
) -> Iterator[document.Block]:
  """Yields table 1, the accuracies in training, and how they come about.

  Args:
    found: the results.
    draw: the figures by name.
  """
  yield document.Heading(2, 'Table 1: synthetic gradients')
  yield document.Paragraph(
      'Test accuracy in %, ± standard deviation (number of seeds), and the '
      'difference to backpropagation in percentage points. What was run at '
      'another scale than `paper` is another experiment (narrower networks, '
      'smaller images, fewer classes and epochs), and does not stand in for '
      "the paper's."
  )
  yield _accuracies(found)
  yield document.Heading(3, 'Accuracy during training')
  scale = found.shown({point.scale for point in found.accuracies})
  if scale is None:
    yield document.Paragraph('Not run.')
  else:
    yield document.Paragraph(
        'The paper shows no curves. Lines are means over the seeds; bands '
        'reach from the lowest to the highest.'
    )
    yield draw['table1_curves']
  yield document.Heading(3, 'Synthetic gradients beside the true ones')
  scale = found.shown({point.scale for point in found.alignment})
  if scale is None:
    yield document.Paragraph('Not run.')
    return
  yield document.Paragraph(
      'On a fixed test batch, at each split (1 is next to the images): the '
      "cosine of the angle between the module's gradient and the true one, the "
      'ratio of their norms, and the mean error of the predicted loss. The '
      'horizontal line is where a perfect module would be. The asymmetry is of '
      "the module's Jacobian, which is 0 for the gradient of a function "
      '(Proposition 4).'
  )
  yield draw['table1_alignment']
  yield document.Paragraph(
      f'At the end of training, scale `{scale}`, ± standard deviation (number '
      'of seeds):'
  )
  yield _alignment([p for p in found.alignment if p.scale == scale])


def _of_table1(rows: Sequence[results.Row]) -> Rows:
  return {
      (row.case, row.metric, row.method): row
      for row in rows
      if row.artifact == 'table1'
  }


def _accuracies(found: loading.Results) -> document.Table:
  """The paper's numbers, and beside them ours at each scale."""
  paper = _of_table1(found.paper)
  ours = {
      f'Ours, scale `{scale}`': _of_table1(found.evidence[scale].measured)
      for scale in found.scales('table1')
  } or {'Ours': {}}
  everything = dict(paper)
  for mine in ours.values():
    everything |= mine
  cells = dict.fromkeys(
      (case, metric)
      for case in table1_rows.cases(everything.values())
      for metric in ('top1', 'top5')
      if any(key[:2] == (case, metric) for key in everything)
  )
  lines = []
  for case, metric in cells:
    for method, title in table1_rows.METHODS.items():
      key = (case, metric, method)
      if key not in everything and method == 'direct_sg_plain':
        continue
      lines.append([
          table1_rows.case_title(case),
          metric.replace('top', 'top-'),
          title,
          *_number(paper, key, _DASH),
          *(
              cell
              for mine in ours.values()
              for cell in _number(mine, key, NOT_RUN)
          ),
      ])
  header = ['Case', 'Accuracy', 'Method']
  for name in ("The paper's", *ours):
    header += [name, '− backprop']
  return document.Table(header, lines, numbers_from=3)


def _number(rows: Rows, key: tuple[str, str, str], missing: str) -> list[str]:
  """The cells of a row, and of its difference to backpropagation."""
  row, reference = rows.get(key), rows.get((*key[:2], 'backprop'))
  if row is None:
    return [missing, '']
  if reference is None or row is reference:
    return [overview.number(row), '']
  return [overview.number(row), f'{row.mean - reference.mean:+.1f}']


def _alignment(points: Sequence[table1_rows.Alignment]) -> document.Table:
  """Where the modules ended, a row a case, method and split."""
  lines = []
  for case in table1_rows.cases(points):
    mine = [point for point in points if point.case == case]
    for method in table1_rows.methods(mine):
      for split in sorted({point.split for point in mine}):
        runs = seed_runs.of_method(
            [point for point in mine if point.split == split], method
        )
        if runs:
          lines.append([
              table1_rows.case_title(case),
              table1_rows.METHODS[method],
              str(split),
              *(_end([run[-1] for run in runs], metric) for metric in _METRICS),
          ])
  return document.Table(
      ('Case', 'Method', 'Split', *_METRICS.values()), lines, numbers_from=2
  )


def _end(last: Sequence[table1_rows.Alignment], metric: str) -> str:
  """A metric over the seeds; a dash where it has no meaning."""
  values = [v for row in last if (v := getattr(row, metric)) is not None]
  if not values:
    return _DASH
  found = comparison.sample(values)
  mean = f'{found.mean:#.2g}'.rstrip('.')
  spread = f' ± {found.std:.1g}' if found.n > 1 else ''
  return f'{mean}{spread} ({found.n})'
