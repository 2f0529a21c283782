"""What all figures look like, and how they become files.

The methods' colours (Okabe and Ito's) differ to colour-blind eyes; those of
regular and Sobolev Training in print too, in lightness, and table 1's methods
have dashes besides. The same figure is written as PNG for
Markdown and as SVG for the HTML page, whose style sheet sets the colours.
Files depend on the rows alone: no dates, no random names.
"""

from collections.abc import Callable
import contextlib
import io
import os
import pathlib
import re
from typing import NamedTuple

import matplotlib
from matplotlib import axis as axis_lib
from matplotlib import figure as figure_lib
from matplotlib import ticker

from experiment import atomic
from experiment import errors


class Theme(NamedTuple):
  """Colours of a figure.

  Attributes:
    ink: text.
    soft: axes and secondary text.
    faint: grid lines.
    paper: the background.
    regular: regular training.
    sobolev: Sobolev Training.
    critic: table 1's critic.
    vfbn: its VFBN.
    direct_sg: its direct synthetic gradients.
  """

  ink: str
  soft: str
  faint: str
  paper: str
  regular: str
  sobolev: str
  critic: str
  vfbn: str
  direct_sg: str

  def method(self, name: str) -> str:
    """The colour of a method."""
    return getattr(self, _COLOURS.get(name, name))


# Methods that have no colour of their own: the reference and the floor are
# grey, and a variant has that of what it varies.
_COLOURS = {
    'backprop': 'ink',
    'noprop': 'soft',
    'direct_sg_plain': 'direct_sg',
}

# In points, on and off.
DASHES = {
    'backprop': (1, 1.2),
    'noprop': (4, 1.5, 1, 1.5),
    'direct_sg': (6, 2),
    'direct_sg_plain': (2.5, 1.5),
    'vfbn': (9, 2, 2, 2),
}


# Not quite white, so that `to_svg` tells it from a white that has to stay.
LIGHT = Theme(
    ink='#1d2127',
    soft='#5b636e',
    faint='#d9dde3',
    paper='#fffffe',
    regular='#e69f00',
    sobolev='#0072b2',
    critic='#009e73',
    vfbn='#b8578f',
    direct_sg='#d55e00',
)
DARK = Theme(
    ink='#e7eaee',
    soft='#a3abb6',
    faint='#3b424c',
    paper='#14171c',
    regular='#f0b43c',
    sobolev='#5ab4ec',
    critic='#3fc79a',
    vfbn='#e08fc0',
    direct_sg='#ff8b45',
)

LABELS = {'regular': 'Regular', 'sobolev': 'Sobolev'}

_SETTINGS = {
    'axes.grid': True,
    'axes.axisbelow': True,
    'axes.spines.right': False,
    'axes.spines.top': False,
    'axes.titlelocation': 'left',
    'axes.titlesize': 11,
    'axes.titleweight': 'bold',
    'axes.labelsize': 10,
    'figure.titlesize': 13,
    'font.family': 'DejaVu Sans',  # It comes with Matplotlib.
    'font.size': 9.5,
    'legend.frameon': False,
    'svg.fonttype': 'none',
}


@contextlib.contextmanager
def settings(theme: Theme = LIGHT):
  """Within it, Matplotlib draws in our style."""
  colours = {
      'axes.edgecolor': theme.soft,
      'axes.facecolor': 'none',
      'axes.labelcolor': theme.soft,
      'axes.titlecolor': theme.ink,
      'figure.facecolor': theme.paper,
      'grid.color': theme.faint,
      'text.color': theme.ink,
      'xtick.color': theme.soft,
      'ytick.color': theme.soft,
  }
  with matplotlib.rc_context():
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(_SETTINGS | colours)
    yield


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


def heading(text: str, scale: str) -> str:
  """A figure's title; it tells when less was run than in the paper."""
  return text if scale == 'paper' else f'{text} ({scale} scale)'


def save(
    figure: figure_lib.Figure, path: os.PathLike[str] | str, dpi: int = 150
) -> None:
  """Writes a figure in the format of the path's suffix, whole or not at all."""
  path = pathlib.Path(path)
  content = to_bytes(figure, path.suffix[1:], dpi)
  with errors.naming(path), atomic.replacing(path) as temporary:
    temporary.write_bytes(content)


def to_bytes(
    figure: figure_lib.Figure, suffix: str = 'png', dpi: int = 150
) -> bytes:
  """A figure as a file's content: png, webp, svg or pdf."""
  file = io.BytesIO()
  arguments = {}
  if suffix == 'png':
    arguments = {
        'metadata': {'Software': None},
        'pil_kwargs': {'optimize': True},
    }
  elif suffix == 'webp':
    arguments = {'pil_kwargs': {'quality': 84, 'method': 6}}
  elif suffix == 'svg':
    arguments = {'metadata': {'Date': None, 'Creator': None}}
  elif suffix == 'pdf':
    arguments = {'metadata': {'CreationDate': None}}
  figure.savefig(file, format=suffix, dpi=dpi, **arguments)
  return file.getvalue()


def to_svg(draw: Callable[[], figure_lib.Figure], name: str) -> str:
  """A figure to stand in an HTML page, in the colours of the page.

  Args:
    draw: makes the figure, in the theme `LIGHT`.
    name: keeps the figure's identifiers apart from others' on the page.

  Returns:
    An svg element whose colours are CSS variables named like `Theme`'s fields.
  """
  with settings():
    matplotlib.rcParams['svg.hashsalt'] = name
    text = to_bytes(draw(), 'svg').decode('utf-8')
  text = text[text.index('<svg') :]
  for field, colour in LIGHT._asdict().items():
    text = re.sub(colour, f'var(--{field})', text, flags=re.IGNORECASE)
  # Groups' identifiers repeat from figure to figure, and nothing uses them.
  text = re.sub(r'<g id="[\w.]+">', '<g>', text)
  text = re.sub(r'<metadata>.*?</metadata>', '', text, flags=re.DOTALL)
  # A page has many figures: a hundredth of a point and no indentation will do.
  text = re.sub(r'<[^>]+>', _shortened, text)
  text = re.sub(r'\n +', '\n', text)
  # Without a size of its own, the figure takes the one that the page gives it.
  text = re.sub(r' (width|height)="[\d.]+pt"', '', text)
  return text.strip()


def _shortened(tag: re.Match) -> str:
  return re.sub(r'(\.\d\d)\d+', r'\1', tag[0])
