"""The report's figures: which there are, and how they become files."""

import base64
from collections.abc import Callable
import functools
import html
import pathlib
from typing import NamedTuple

from matplotlib import figure as figure_lib

from report import document
from report import figure2
from report import figure3
from report import figure4_figures
from report import learning_curves
from report import loading
from report import rows
from report import style
from report import table1_figures
from report import teachers_figure


class Drawing(NamedTuple):
  """A figure of the report.

  Attributes:
    name: of its file, without the suffix.
    alt: what it shows, for those who do not see it.
    make: draws it in a theme.
    dpi: the resolution of its PNG.
    surfaces: whether it has too many shapes for an SVG.
  """

  name: str
  alt: str
  make: Callable[[style.Theme], figure_lib.Figure]
  dpi: int
  surfaces: bool = False

  def save(self, folder: pathlib.Path) -> None:
    """Writes the PNG for Markdown."""
    style.save(self.make(style.LIGHT), folder / f'{self.name}.png', self.dpi)

  def block(self) -> document.Figure:
    """The figure as a part of the document."""
    if not self.surfaces:
      draw = functools.partial(self.make, style.LIGHT)
      return document.Figure(
          self.name, self.alt, style.to_svg(draw, self.name)
      )
    light, dark = (
        _data(style.to_bytes(self.make(theme), 'webp', self.dpi))
        for theme in (style.LIGHT, style.DARK)
    )
    markup = (
        '<picture><source media="(prefers-color-scheme: dark)" '
        f'srcset="{dark}"><img alt="{html.escape(self.alt)}" src="{light}">'
        '</picture>'
    )
    return document.Figure(self.name, self.alt, markup)


def _data(content: bytes) -> str:
  return f'data:image/webp;base64,{base64.b64encode(content).decode()}'


def drawings(found: loading.Results) -> list[Drawing]:
  """The figures that can be drawn from some results."""
  return [
      *_figure2(found),
      *_figure3(found),
      *_figure4(found),
      *_table1(found),
  ]


def _figure2(found: loading.Results) -> list[Drawing]:
  scale = found.shown(s for s, e in found.evidence.items() if e.networks)
  if scale is None:
    return []
  evidence = found.evidence[scale]
  baselines = list(evidence.baselines.values())
  made = []
  for name, metric, what in (
      ('figure2', 'test_mse', 'Test errors'),
      ('figure2_gradients', 'test_gradient_mse', 'Errors of the gradients'),
  ):
    made.append(
        Drawing(
            name,
            f'{what} of regular and Sobolev Training on each function, for '
            'each number of training points',
            functools.partial(
                figure2.make, evidence.networks, baselines, metric
            ),
            dpi=120,
        )
    )
  curves = [point for point in found.curves if point.scale == scale]
  if curves:
    for name, axis, what in (
        ('figure2_steps', 'step', 'steps'),
        ('figure2_seconds', 'seconds', 'seconds'),
    ):
      made.append(
          Drawing(
              name,
              f'Test errors of both methods during training, over {what}',
              functools.partial(learning_curves.make, curves, baselines, axis),
              dpi=90,
          )
      )
  return made


def _figure3(found: loading.Results) -> list[Drawing]:
  scale = found.shown({point.scale for point in found.grid})
  grid = [point for point in found.grid if point.scale == scale]
  return [
      Drawing(
          f'figure3_{function}',
          f'Surfaces of {rows.title(function)} and of its models by regular '
          'and Sobolev Training, with their gradients underneath',
          functools.partial(
              figure3.make,
              [point for point in grid if point.function == function],
              found.points,
          ),
          dpi=100,
          surfaces=True,
      )
      for function in rows.functions(grid)
  ]


def _figure4(found: loading.Results) -> list[Drawing]:
  made = []
  scale = found.shown({point.scale for point in found.students})
  if scale is not None:
    points = [point for point in found.students if point.scale == scale]
    made.append(
        Drawing(
            'figure4',
            'Test action prediction error and divergence from the teacher of '
            'regular and Sobolev distillation during training, for each game '
            'and percentage of the states',
            functools.partial(figure4_figures.make, points),
            dpi=110,
        )
    )
  if found.teacher_curves:
    made.append(
        Drawing(
            'figure4_teachers',
            "Each teacher's score during training, over frames",
            functools.partial(
                teachers_figure.make, found.teacher_curves, found.teachers
            ),
            dpi=100,
        )
    )
  return made


def _table1(found: loading.Results) -> list[Drawing]:
  made = []
  for name, points, make, alt in (
      (
          'table1_curves',
          found.accuracies,
          table1_figures.make_curves,
          'Test accuracy of each method during training',
      ),
      (
          'table1_alignment',
          found.alignment,
          table1_figures.make_alignment,
          'Cosine, ratio of norms and error of the loss of each synthetic '
          'gradient during training, at each split',
      ),
  ):
    scale = found.shown({point.scale for point in points})
    if scale is not None:
      chosen = [point for point in points if point.scale == scale]
      draw = functools.partial(make, chosen)
      made.append(Drawing(name, alt, draw, dpi=110))
  return made
