# SPDX-License-Identifier: Apache-2.0
"""The results of section 4.3: Table 1, its choices, the modules' gradients."""

from collections.abc import Collection
from collections.abc import Iterator
import operator

from report import accuracies
from report import methods as methods_lib
from report import names
from report import results as results_lib
from report.pages import markdown
from report.pages import words
from report.rows import paper
from report.rows import synthetic_gradients

_ALIGNED = {
    'cosine': 'Cosine',
    'norm_ratio': 'Ratio of norms',
    'loss_error': 'Error of the loss',
    'asymmetry': 'Asymmetry',
    'loss_pull': 'Pull of the loss term',
    'gradient_pull': 'Pull of the gradient term',
}


def blocks(
    results: results_lib.Results, scale: str | None, drawn: Collection[str]
) -> Iterator[str]:
  """Yields the section's tables and figures; see `regression.blocks`."""
  methods = methods_lib.Methods(results)
  yield '### Table 1'
  yield _accuracies(results, methods)
  yield (
      "Accuracies in %: the paper's with the standard deviation that it prints "
      '(it does not say of how many runs), ours as mean ± half of the 95 % '
      'interval (seeds). Ours are of smaller networks, and stand under their '
      'own scale.'
  )
  if 'table1_curves' in drawn:
    yield '### Test accuracy during training'
    yield markdown.figure('table1_curves', 'Test accuracy of each method')
  choices = sorted(n for n in drawn if n.startswith('table1_choices'))
  if choices:
    yield '### Choices'
    yield (
        'Validation accuracy of each candidate over epochs, the mean over its '
        'seeds; a star marks what was chosen.'
    )
  for name in choices:
    yield markdown.figure(name, 'Validation accuracy by settings and epoch')
  yield '### Synthetic gradients beside the true ones'
  yield (
      'On a fixed test batch, at each split (1 is next to the images): the '
      "cosine of the angle between the module's gradient and the true one, the "
      'ratio of their norms, the mean error of the predicted loss, the '
      "asymmetry of the module's Jacobian (0 for the gradient of a function, "
      "Proposition 4), and the norms of the gradients that the module's "
      'weights get from its two terms.'
  )
  if 'table1_alignment' in drawn:
    yield markdown.figure('table1_alignment', 'Synthetic and true gradients')
  if scale:
    yield f'At the end of training, scale {markdown.code(scale)}:'
    yield _alignment(
        results.of_scale(synthetic_gradients.Alignment, scale), methods
    )


def _accuracies(
    results: results_lib.Results, methods: methods_lib.Methods
) -> str:
  """The paper's numbers, and beside them ours at each scale."""
  kind = synthetic_gradients.Accuracy
  scales = results.scales(kind)
  printed = {
      (row.case, row.metric, row.method): row
      for row in results.rows(paper.Printed)
  }
  ours = {
      (scale, metric): accuracies.ends(results.of_scale(kind, scale), metric)
      for scale in scales
      for metric in ('top1', 'top5')
  }
  cases = names.ordered(
      [case for case, *_ in printed]
      + [case for found in ours.values() for case, _ in found],
      names.CASES,
  )
  rows = []
  for case in cases:
    # The paper has top-5 on ImageNet only.
    for metric in ('top1', 'top5')[: 1 + case.startswith('imagenet')]:
      for method in methods.order:
        theirs = printed.get((case, metric, method))
        mine = [ours[scale, metric].get((case, method), []) for scale in scales]
        if theirs is None and not any(mine):
          continue
        rows.append([
            markdown.plain(names.title(case)),
            metric.replace('top', 'top-'),
            markdown.plain(methods.title(method)),
            _printed(theirs),
            *map(words.mean, mine),
        ])
  header = ['Case', 'Accuracy', 'Method', "The paper's"]
  header += [f'Ours, {markdown.code(scale)}' for scale in scales]
  return markdown.table(header, rows, numbers_from=3)


def _printed(row: paper.Printed | None) -> str:
  if row is None:
    return ''
  return f'{row.mean:.1f}' + ('' if row.std is None else f' ± {row.std:.2f}')


def _alignment(
    rows: list[synthetic_gradients.Alignment], methods: methods_lib.Methods
) -> str:
  """Where the modules ended, one row per case, method and split."""
  curves = results_lib.curves(
      rows, operator.attrgetter('case', 'method', 'split')
  )
  cases = names.ordered((case for case, *_ in curves), names.CASES)
  lines = []
  for case, method, split in sorted(
      curves, key=lambda k: (cases.index(k[0]), methods.order.index(k[1]), k[2])
  ):
    last = [curve[-1] for curve in curves[case, method, split].values()]
    lines.append([
        markdown.plain(names.title(case)),
        markdown.plain(methods.title(method)),
        str(split),
        *(
            words.mean(
                [v for r in last if (v := getattr(r, name)) is not None],
                digits=2,
            )
            for name in _ALIGNED
        ),
    ])
  header = ('Case', 'Method', 'Split', *_ALIGNED.values())
  return markdown.table(header, lines, numbers_from=2)
