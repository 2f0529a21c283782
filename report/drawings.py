# SPDX-License-Identifier: Apache-2.0
"""Which figures can be drawn of some results."""

from collections.abc import Callable
from collections.abc import Iterator
import functools
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


def drawings(
    results: results_lib.Results, judged: list[judged_lib.Judged]
) -> Iterator[Drawing]:
  """Yields the figures, those of verdicts at the scale that they are about."""
  scales = {one.section.kind: one.scale for one in judged}
  yield from _regression(results, scales[regression.Evaluation])
  yield from _surfaces(results)
  yield from _distillation(results, scales[distillation.Student])
  yield from _table1(results, scales[synthetic_gradients.Accuracy])


def _regression(results, decided) -> Iterator[Drawing]:
  baselines = results.rows(regression.Baseline)
  recipes = {
      scale: networks_lib.Networks(
          results.rows(regression.Evaluation, scale), baselines
      )
      for scale in results.scales(regression.Evaluation)
  }
  for scale, networks in recipes.items():
    steps = {s for c in networks.cells for s in networks.effects_by_step(c)}
    # Others are in the figure of settings.
    if steps and ' ' not in scale:
      place = f'_{scale}' * (scale != decided)
      name = f'verdict_map{place}'
      yield Drawing(name, functools.partial(maps.over_steps, networks))
  if decided:
    networks = recipes[decided]
    make = functools.partial(figure2.make, networks)
    yield Drawing('figure2', make)
    gradients = functools.partial(make, 'test_gradient_mse')
    yield Drawing('figure2_gradients', gradients)
    for name, axis in (
        ('figure2_steps', 'step'), ('figure2_seconds', 'seconds')
    ):
      curves = functools.partial(learning_curves.make, networks, axis)
      yield Drawing(name, curves, dpi=80)
  if len(recipes) > 1:
    yield Drawing(
        'figure2_settings', functools.partial(maps.over_recipes, recipes)
    )


def _surfaces(results) -> Iterator[Drawing]:
  rows = results.rows(regression.SurfacePoint)
  points = results.rows(regression.TrainingPoint)
  scale = next(iter(results.scales(regression.SurfacePoint)), None)
  functions = (row.function for row in rows if row.scale == scale)
  for function in names.ordered(functions, names.FUNCTIONS):
    grid = [row for row in rows if row[:2] == (scale, function)]
    if figure3.is_complete(grid):
      make = functools.partial(figure3.make, grid, points)
      yield Drawing(f'figure3_{function}', make, dpi=100)


def _distillation(results, decided) -> Iterator[Drawing]:
  if decided:
    students = students_lib.Students(
        results.rows(distillation.Student, decided)
    )
    yield Drawing('figure4', functools.partial(figure4.make, students), dpi=90)
    if any(row.episodes for row in results.rows(distillation.Student, decided)):
      make = functools.partial(figure4.make_episodes, students)
      yield Drawing('figure4_episodes', make, dpi=90)
  curves = results.rows(distillation.TeacherCurve)
  if curves:
    played = results.rows(distillation.Teacher)
    make = functools.partial(teachers.make, curves, played)
    yield Drawing('figure4_teachers', make, dpi=100)


def _table1(results, decided) -> Iterator[Drawing]:
  methods = methods_lib.of(results)
  for name, kind, make in (
      ('table1_curves', synthetic_gradients.Accuracy, table1.make_curves),
      (
          'table1_alignment', synthetic_gradients.Alignment,
          table1.make_alignment,
      ),
  ):
    rows = results.rows(kind, decided) if decided else []
    if rows:
      yield Drawing(name, functools.partial(make, rows, methods), dpi=90)
  kind = synthetic_gradients.Candidate
  candidates = results.rows(kind)
  groups = dict.fromkeys(
      row[:3] for row in candidates if row.validation_top1 is not None
  )
  for number, group in enumerate(groups, 1):
    rows = [row for row in candidates if row[:3] == group]
    make = functools.partial(table1.make_choices, rows, methods)
    yield Drawing(f'table1_choices_{number}', make)
