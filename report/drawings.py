# SPDX-License-Identifier: Apache-2.0
"""Which figures can be drawn of some results."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import pathlib
from typing import Any
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
  """A figure that can be drawn."""

  name: str  # Of its file, without the suffix.
  function: Callable[..., figure_lib.Figure]  # Draws it.
  arguments: Sequence[Any]  # Of the function.
  dpi: int = 110  # The resolution of its file.

  def make(self) -> figure_lib.Figure:
    """Draws it."""
    return self.function(*self.arguments)


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


def _drawings(
    results: results_lib.Results, scales: Mapping[type[tuple], str | None]
) -> Iterator[Drawing]:
  """Yields the figures, each of one scale at that of its class of rows."""
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
      name = 'verdict_map' if scale == decided else f'verdict_map_{scale}'
      yield Drawing(name, maps.over_steps, [networks])
  if decided in recipes:
    networks = recipes[decided]
    yield Drawing('figure2', figure2.make, [networks])
    yield Drawing(
        'figure2_gradients', figure2.make, [networks, 'test_gradient_mse']
    )
    curves = learning_curves.make
    yield Drawing('figure2_steps', curves, [networks, 'step'], dpi=80)
    yield Drawing('figure2_seconds', curves, [networks, 'seconds'], dpi=80)
  arms = {arm for networks in recipes.values() for arm in networks.arms}
  if len(recipes) > 1 and arms - {networks_lib.REGULAR}:
    yield Drawing('figure2_settings', maps.over_recipes, [recipes])


def _surfaces(results, scale) -> Iterator[Drawing]:
  kind = regression.SurfacePoint
  scale = scale or next(iter(results.scales(kind)), None)
  rows = results.of_scale(kind, scale)
  points = results.rows(regression.TrainingPoint)
  for function in names.ordered((r.function for r in rows), names.FUNCTIONS):
    grid = [row for row in rows if row.function == function]
    if figure3.is_complete(grid):
      yield Drawing(
          f'figure3_{function}', figure3.make, [grid, points], dpi=100
      )


def _distillation(results, decided) -> Iterator[Drawing]:
  rows = results.of_scale(distillation.Student, decided)
  students = students_lib.Students(rows)
  if rows:
    yield Drawing('figure4', figure4.make, [students], dpi=90)
  if any(row.episodes for row in rows):
    yield Drawing(
        'figure4_episodes', figure4.make_episodes, [students], dpi=90
    )
  candidates = results.of_scale(distillation.Candidate, decided)
  choices = figure4.choices(candidates)
  if choices:
    yield Drawing('figure4_choices', figure4.make_choices, [choices], dpi=90)
  curves = results.rows(distillation.TeacherCurve)
  if curves:
    played = results.rows(distillation.Teacher)
    yield Drawing('figure4_teachers', teachers.make, [curves, played], dpi=100)


def _table1(results, decided) -> Iterator[Drawing]:
  methods = methods_lib.Methods(results)
  accuracies = results.of_scale(synthetic_gradients.Accuracy, decided)
  if accuracies:
    yield Drawing(
        'table1_curves', table1.make_curves, [accuracies, methods], dpi=90
    )
  aligned = results.of_scale(synthetic_gradients.Alignment, decided)
  if aligned:
    yield Drawing(
        'table1_alignment', table1.make_alignment, [aligned, methods], dpi=90
    )
  candidates = results.rows(synthetic_gradients.Candidate)
  groups = dict.fromkeys(
      row[:3] for row in candidates if row.validation_top1 is not None
  )
  for number, group in enumerate(groups, 1):
    rows = [row for row in candidates if row[:3] == group]
    name = f'table1_choices_{number}'
    yield Drawing(name, table1.make_choices, [rows, methods])
