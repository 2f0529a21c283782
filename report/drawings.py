# SPDX-License-Identifier: Apache-2.0
"""Which figures can be drawn of some results."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
import functools
import pathlib
from typing import NamedTuple

from matplotlib import figure as figure_lib

from report import methods as methods_lib
from report import names
from report import networks as networks_lib
from report import results as results_lib
from report import students as students_lib
from report.figures import figure2
from report.figures import figure3
from report.figures import figure4
from report.figures import learning_curves
from report.figures import maps
from report.figures import style
from report.figures import table1
from report.figures import teachers
from report.pages import judged as judged_lib
from report.rows import distillation
from report.rows import regression
from report.rows import synthetic_gradients


class Drawing(NamedTuple):
  """A figure that can be drawn.

  Attributes:
    name: of its file, without the suffix.
    make: draws it.
    dpi: the resolution of its file.
  """

  name: str
  make: Callable[[], figure_lib.Figure]
  dpi: int = 110


# The scale that figures of a class of rows are about, if they are.
Scales = Mapping[type[tuple], str | None]


def drawings(
    results: results_lib.Results, judged: list[judged_lib.Judged]
) -> Iterator[Drawing]:
  """Yields the figures, those of verdicts at the scale that they are about."""
  return _drawings(results, {one.section.kind: one.scale for one in judged})


def draw(
    folder: pathlib.Path, name: str, scale: str, path: pathlib.Path
) -> None:
  """Writes a figure to a file.

  Args:
    folder: the folder of the rows.
    name: of the figure, as in `drawings`.
    scale: of the rows.
    path: the file.
  """
  found = results_lib.read(folder)
  scales = dict.fromkeys(results_lib.KINDS, scale)
  drawing = next(d for d in _drawings(found, scales) if d.name == name)
  style.save(drawing.make(), path)


def _drawings(results: results_lib.Results, scales: Scales):
  yield from _regression(results, scales[regression.Evaluation])
  yield from _surfaces(results, scales.get(regression.SurfacePoint))
  yield from _distillation(results, scales[distillation.Student])
  yield from _table1(results, scales[synthetic_gradients.Accuracy])


def _regression(results, decided) -> Iterator[Drawing]:
  recipes = {
      scale: networks_lib.of(results, scale)
      for scale in results.scales(regression.Evaluation)
  }
  for scale, networks in recipes.items():
    # Others are in the figure of settings.
    if ' ' not in scale and any(map(networks.effects_by_step, networks.cells)):
      place = f'_{scale}' * (scale != decided)
      make = functools.partial(maps.over_steps, networks)
      yield Drawing(f'verdict_map{place}', make)
  if decided in recipes:
    make = functools.partial(figure2.make, recipes[decided])
    yield Drawing('figure2', make)
    gradients = functools.partial(make, 'test_gradient_mse')
    yield Drawing('figure2_gradients', gradients)
    curves = functools.partial(learning_curves.make, recipes[decided])
    yield Drawing('figure2_steps', curves, dpi=80)
    yield Drawing(
        'figure2_seconds', functools.partial(curves, 'seconds'), dpi=80
    )
  if len(recipes) > 1:
    yield Drawing(
        'figure2_settings', functools.partial(maps.over_recipes, recipes)
    )


def _surfaces(results, scale) -> Iterator[Drawing]:
  kind = regression.SurfacePoint
  scale = scale or next(iter(results.scales(kind)), None)
  rows = results.of_scale(kind, scale)
  points = results.rows(regression.TrainingPoint)
  for function in names.ordered((r.function for r in rows), names.FUNCTIONS):
    grid = [row for row in rows if row.function == function]
    if figure3.is_complete(grid):
      make = functools.partial(figure3.make, grid, points)
      yield Drawing(f'figure3_{function}', make, dpi=100)


def _distillation(results, decided) -> Iterator[Drawing]:
  rows = results.of_scale(distillation.Student, decided)
  students = students_lib.Students(rows)
  if rows:
    yield Drawing('figure4', functools.partial(figure4.make, students), dpi=90)
  if any(row.episodes for row in rows):
    make = functools.partial(figure4.make_episodes, students)
    yield Drawing('figure4_episodes', make, dpi=90)
  curves = results.rows(distillation.TeacherCurve)
  if curves:
    played = results.rows(distillation.Teacher)
    make = functools.partial(teachers.make, curves, played)
    yield Drawing('figure4_teachers', make, dpi=100)


def _table1(results, decided) -> Iterator[Drawing]:
  methods = methods_lib.of(results)
  for name, kind, draw_rows in (
      ('table1_curves', synthetic_gradients.Accuracy, table1.make_curves),
      (
          'table1_alignment', synthetic_gradients.Alignment,
          table1.make_alignment,
      ),
  ):
    if rows := results.of_scale(kind, decided):
      yield Drawing(name, functools.partial(draw_rows, rows, methods), dpi=90)
  candidates = results.rows(synthetic_gradients.Candidate)
  groups = dict.fromkeys(
      row[:3] for row in candidates if row.validation_top1 is not None
  )
  for number, group in enumerate(groups, 1):
    rows = [row for row in candidates if row[:3] == group]
    make = functools.partial(table1.make_choices, rows, methods)
    yield Drawing(f'table1_choices_{number}', make)
