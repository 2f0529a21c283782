"""The report's part on surfaces: figure 3 (section 4.1)."""

from collections.abc import Iterator
from collections.abc import Sequence

import numpy as np

from report import document
from report import evidence
from report import loading
from report import rows


def figure3(
    found: loading.Results, draw: dict[str, document.Figure]
) -> Iterator[document.Block]:
  """Yields figure 3 and what its models miss."""
  yield document.Heading(2, 'Figure 3: surfaces')
  scale = found.shown({point.scale for point in found.grid})
  if scale is None:
    yield document.Paragraph('Not run.')
    return
  grid = [point for point in found.grid if point.scale == scale]
  yield document.Paragraph(
      f'Scale `{scale}`. Each surface is that of one network; underneath, its '
      'gradient (length: square root of the norm) and the points it has seen. '
      "Heights are cut a little beyond the function's own."
  )
  for function in rows.functions(grid):
    name = f'figure3_{function}'
    yield draw[name]
    yield _missed([p for p in grid if p.function == function])


def _missed(grid: Sequence[rows.GridPoint]) -> document.Table:
  """The share of a function's variance that each surface misses."""
  surfaces = {}
  for point in sorted(grid, key=lambda p: (p.x1, p.x2)):
    surfaces.setdefault((point.panel, point.size), []).append(point.value)
  truth = np.array(surfaces.pop(('truth', 0)))
  sizes = sorted({size for _, size in surfaces})
  missed = {
      key: f'{100 * np.mean((values - truth) ** 2) / truth.var():.2g} %'
      for key, values in surfaces.items()
  }
  return document.Table(
      ('Variance missed on this grid', 'Regular', 'Sobolev'),
      [
          [
              f'{size:,} points',
              *(missed.get((m, size), evidence.NOT_RUN) for m in rows.METHODS),
          ]
          for size in sizes
      ],
      numbers_from=1,
  )
