# SPDX-License-Identifier: Apache-2.0
"""How the methods of section 4.3 are displayed, unknown ones included.

Title, order and colour come from the rows that the methods' own files bring; a
method without such a row gets a title made of its name, stands last, and takes
the next free colour.
"""

import itertools
import re

from report import names
from report import results as results_lib
from report.figures import style
from report.rows import paper
from report.rows import synthetic_gradients

# Rows whose methods are shown.
_SHOWN = (
    synthetic_gradients.Accuracy,
    synthetic_gradients.Alignment,
    synthetic_gradients.Candidate,
    paper.Printed,
)


class Methods:
  """Titles, order and colours of the methods of all rows of Table 1."""

  def __init__(self, results: results_lib.Results):
    rows = results.rows(synthetic_gradients.Method)
    there = {row.method for kind in _SHOWN for row in results.rows(kind)}
    self._rows = {row.method: row for row in rows}
    others = sorted(there - self._rows.keys())
    taken = {row.colour for row in rows}
    free = [c for c in style.OTHERS if c not in taken] or [style.SOFT]
    self._others = dict(zip(others, itertools.cycle(free), strict=False))
    known = sorted(self._rows.values(), key=lambda r: (r.order, r.method))
    self.order = [*(row.method for row in known), *others]

  def title(self, method: str) -> str:
    """A method's display name."""
    row = self._rows.get(method)
    return row.title if row else names.title(method)

  def colour(self, method: str) -> str:
    """A method's colour."""
    row = self._rows.get(method)
    if row and re.fullmatch('#[0-9a-fA-F]{6}', row.colour):
      return row.colour
    return self._others.get(method, style.SOFT)
