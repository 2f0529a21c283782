# SPDX-License-Identifier: Apache-2.0
"""The methods of Table 1, by name.

A new one is a file beside this one that has a `METHOD`, and an entry below.
"""

from collections.abc import Mapping

from sg.modules import backprop
from sg.modules import critic
from sg.modules import direct_sg
from sg.modules import direct_sg_plain
from sg.modules import interface
from sg.modules import noprop
from sg.modules import sobolev
from sg.modules import vfbn

# From the left of Table 1; the one that does not see the labels is not there.
METHODS: Mapping[str, interface.Method] = {
    file.__name__.rpartition('.')[2]: file.METHOD
    for file in (
        backprop, noprop, direct_sg, direct_sg_plain, vfbn, critic, sobolev
    )
}


def make(method: str, *cut, **settings) -> interface.Module:
  """Makes the module of one cut.

  Args:
    method: one of `METHODS`.
    *cut: what `interface.Cut` has.
    **settings: likewise, by name.

  Raises:
    ValueError: an unknown method or network.
  """
  if method not in METHODS:
    raise ValueError(
        f'method: expected one of {", ".join(METHODS)}, got {method!r}'
    )
  return METHODS[method].make(interface.Cut(*cut, **settings))
