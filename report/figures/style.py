# SPDX-License-Identifier: Apache-2.0
"""What all figures look like, and how they become files.

The methods' colours (Okabe and Ito's) differ to colour-blind eyes; those of
regular and Sobolev Training differ in lightness too. Files depend on the rows
alone: no dates, no random names.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import contextlib
import io
import pathlib

import matplotlib
from matplotlib import axes as axes_lib
from matplotlib import axis as axis_lib
from matplotlib import figure as figure_lib
from matplotlib import ticker

from experiment import atomic
from experiment import errors

INK = '#1d2127'  # Text.
SOFT = '#5b636e'  # Axes and secondary text.
FAINT = '#d9dde3'  # Grid lines.
PAPER = '#ffffff'
REGULAR = '#e69f00'
SOBOLEV = '#0072b2'
METHODS = {'regular': REGULAR, 'sobolev': SOBOLEV}
# Of methods that bring none of their own.
OTHERS = ('#009e73', '#b8578f', '#d55e00', '#56b4e9', '#8c6d31', '#5b636e')

_SETTINGS = {
    'axes.axisbelow': True,
    'axes.edgecolor': SOFT,
    'axes.facecolor': 'none',
    'axes.grid': True,
    'axes.labelcolor': SOFT,
    'axes.labelsize': 10,
    'axes.spines.right': False,
    'axes.spines.top': False,
    'axes.titlecolor': INK,
    'axes.titlelocation': 'left',
    'axes.titlesize': 11,
    'axes.titleweight': 'bold',
    'figure.facecolor': PAPER,
    'figure.labelsize': 10,
    'figure.titlesize': 13,
    'font.family': 'DejaVu Sans',  # It comes with Matplotlib.
    'font.size': 9.5,
    'grid.color': FAINT,
    'legend.frameon': False,
    'text.color': INK,
    'text.parse_math': False,  # Rows bring names, and `$` is no formula there.
    'xtick.color': SOFT,
    'ytick.color': SOFT,
}


@contextlib.contextmanager
def settings():
  """Within it, Matplotlib draws in our style."""
  with matplotlib.rc_context():
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(_SETTINGS)
    yield


def margins(
    figure: figure_lib.Figure,
    left: float,
    right: float,
    bottom: float,
    top: float,
) -> None:
  """Sets a figure's margins, in inches; many panels are laid out slowly."""
  width, height = figure.get_size_inches()
  figure.subplots_adjust(
      left=left / width,
      right=1 - right / width,
      bottom=bottom / height,
      top=1 - top / height,
  )


def title(
    figure: figure_lib.Figure,
    text: str,
    scale: str = 'paper',
    x: str = '',
    y: str = '',
) -> None:
  """Writes what belongs to a figure as a whole.

  Args:
    figure: the figure.
    text: its title.
    scale: of its rows, which the title names if it is not the paper's.
    x: what its x axis is, if all panels share it.
    y: likewise.
  """
  if scale != 'paper':
    text = f'{text} (scale: {scale})'
  place = {}
  if figure.get_layout_engine() is None:
    place = {'y': 1 - 0.12 / figure.get_size_inches()[1], 'va': 'top'}
  figure.suptitle(text, x=0.01, ha='left', **place)
  figure.supxlabel(x, color=SOFT)
  figure.supylabel(y, color=SOFT)


def curve(
    panel: axes_lib.Axes,
    x: Sequence[float],
    middle: Sequence[float],
    band: tuple[Sequence[float], Sequence[float]] | None,
    label: str,
    color: str,
    linewidth: float = 1.7,
    alpha: float = 0.22,
) -> None:
  """Draws a line, which of one point is a dot, and a band around it."""
  panel.plot(
      x, middle, color=color, linewidth=linewidth, label=label,
      marker='o' if len(x) == 1 else '', markersize=4,
  )
  if band:
    panel.fill_between(x, *band, color=color, alpha=alpha, linewidth=0)


def legend(figure: figure_lib.Figure, axes: Iterable, **arguments) -> None:
  """A legend of all that has a label in some axes, each label once."""
  handles = {}
  for axis in axes:
    for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
      handles.setdefault(label, handle)
  arguments = {'loc': 'outside upper right', 'ncols': len(handles)} | arguments
  figure.legend(handles.values(), handles.keys(), fontsize=9.5, **arguments)


def decades(axis: axis_lib.Axis, ratio: float) -> None:
  """Labels a logarithmic axis with plain numbers.

  Args:
    axis: a panel's xaxis or yaxis.
    ratio: how many times its upper end is its lower one.
  """
  # With less than two labels LogLocator would space them as on a linear axis.
  subs = (1, 2, 5) if ratio < 10 else (1, 3) if ratio < 1e3 else (1,)
  axis.set_major_locator(ticker.LogLocator(subs=subs))
  axis.set_major_formatter('{x:g}')
  axis.set_minor_formatter(ticker.NullFormatter())


def save(
    figure: figure_lib.Figure, path: pathlib.Path, dpi: int = 110
) -> None:
  """Writes a figure as a PNG file, replaced whole."""
  content = io.BytesIO()
  figure.savefig(
      content,
      format='png',
      dpi=dpi,
      metadata={'Software': None},
      pil_kwargs={'optimize': True},
  )
  with errors.naming(path), atomic.replacing(path) as temporary:
    temporary.write_bytes(content.getvalue())
