# SPDX-License-Identifier: Apache-2.0
"""The left of Figure 2: what three points say of a piecewise-linear function.

    ./bazelw run //regression:figure2_left

Section 3's picture of Proposition 3; see `theory/segments.py`.
"""

from experiment.startup import run_main

import dataclasses

from matplotlib import figure as figure_lib

from experiment import config
from experiment import errors
from experiment import run_folder
from report.figures import style
from theory import segments

_TANGENT = 0.28  # Half the length of the pieces that show a slope.


@dataclasses.dataclass(frozen=True)
class Picture:
  """Where to draw."""

  output: str = config.setting(
      'docs/figures/figure2_left.png', "The picture's file."
  )


def make() -> figure_lib.Figure:
  """Draws the function, two hypotheses from values, and the one from slopes."""
  found = segments.figure2_left()
  with style.settings():
    figure = figure_lib.Figure(figsize=(4.4, 6), layout='constrained')
    axes = figure.subplots(3, sharex=True, sharey=True)
    titles = (
        'The function',
        'Three values: two of a continuum of hypotheses',
        'Three values and slopes: the only one',
    )
    for axis, title in zip(axes, titles, strict=True):
      axis.set_title(title)
      axis.set_xticks([])
      axis.set_yticks([])
      axis.grid(False)
    ink, regular, sobolev = style.SOFT, style.REGULAR, style.SOBOLEV
    axes[0].plot(found.knots, found.heights, color=ink)
    for heights, line in zip(found.hypotheses, ('-', '--'), strict=True):
      axes[1].plot(found.knots, heights, line, color=regular)
    axes[2].plot(found.knots, found.identified, color=sobolev)
    for point, value, slope in zip(
        found.points, found.values, found.slopes, strict=True
    ):
      ends = (-_TANGENT, _TANGENT)
      axes[2].plot(
          [point + end for end in ends],
          [value + slope * end for end in ends],
          color=sobolev,
          linewidth=5,
          alpha=0.35,
          solid_capstyle='round',
      )
    for axis in axes[1:]:
      axis.plot(found.points, found.values, 'o', color=style.INK)
  return figure


def main(_):
  path = run_folder.resolve(config.from_flags(Picture).output)
  with errors.naming(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    style.save(make(), path, dpi=110)
  print(f'Figure: {path}')


if __name__ == '__main__':
  config.define_flags(Picture)
  run_main(main)
