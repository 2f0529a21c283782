# SPDX-License-Identifier: Apache-2.0
"""Compares surrogates, ours with JENN and with SMT's GENN, on JENN's functions.

    python -m benchmarks.peers.surrogate_peer --docs=docs/benchmarks.md

It runs in a virtual environment with `pip install jenn smt`: the lock file does
not bring SMT.
"""

from experiment.startup import run_main

from collections.abc import Callable
import dataclasses
import importlib
import time
import types
from typing import NamedTuple

import numpy as np

from benchmarks import document
from benchmarks import program
from experiment import config
from experiment import errors
from sobolev_training import surrogate

_TEXT = """\
## Surrogates: JENN and SMT's GENN

`sobolev.surrogate.fit` beside the two packages that fit networks to values and
gradients, each with its defaults, on {size} uniform points of test functions
that JENN brings. GENN is SMT's interface to JENN. Errors are root mean squares
on {test:,} other points, in percent of the truth's standard deviation; the CPU
seconds are those of the whole fit, ours with compiling. Medians over {seeds}
seeds, and their range."""

_TEST = 2000  # Points.
# Of each function the inputs D, and half the side of its box about 0.
_BOXES = {'sinusoid': (1, 3.0), 'rastrigin': (2, 1.0), 'rosenbrock': (2, 2.0)}


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """What to measure."""

  functions: tuple[str, ...] = config.setting(
      tuple(_BOXES), "JENN's functions.", choices=tuple(_BOXES), distinct=True
  )
  size: int = config.setting(100, 'Training points.', 'points', minimum=2)
  seeds: int = config.setting(3, 'Surrogates of each kind.', minimum=1)


class _Points(NamedTuple):
  """Points [N, D], values [N] and gradients [N, D]."""

  x: np.ndarray
  y: np.ndarray
  gradient: np.ndarray


# Fits with a seed; returns values [N] and gradients [N, D] of points.
_Fit = Callable[
    [_Points, int], Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
]


def _jenn() -> types.ModuleType:
  with program.peers():
    import jenn
  return jenn


def _genn_class() -> type:
  try:
    return importlib.import_module('smt.surrogate_models').GENN
  except ImportError as error:
    raise errors.UserError(
        f'{errors.one_line(error)}: this benchmark compares with SMT too: pip '
        'install smt in the virtual environment of the other peers'
    ) from error


def _fit_jenn(data: _Points, seed: int):
  model = _jenn().NeuralNet([data.x.shape[1], 12, 12, 1])
  model.fit(
      data.x.T, data.y[None], data.gradient.T[None], is_normalize=True,
      random_state=seed,
  )
  return lambda x: (model.predict(x.T)[0], model.predict_partials(x.T)[0].T)


def _fit_genn(data: _Points, seed: int):
  model = _genn_class()(print_global=False, seed=seed)
  model.load_data(data.x, data.y[:, None], data.gradient)
  model.train()
  return lambda x: (
      model.predict_values(x)[:, 0],
      np.concatenate(
          [model.predict_derivatives(x, d) for d in range(x.shape[1])], axis=1
      ),
  )


def _ours(*hidden: int) -> _Fit:
  def fit(data, seed):
    model = surrogate.fit(*data, hidden=hidden, seed=seed)
    return lambda x: model.predict(x, derivatives=1)

  return fit


_SIDES = {
    'JENN, 12 x 12': _fit_jenn,
    'GENN, 12 x 12': _fit_genn,
    'ours, 12 x 12': _ours(12, 12),
    'ours, 64 x 64': _ours(64, 64),
}


def _points(function: str, count: int, seed: int) -> _Points:
  dimension, reach = _BOXES[function]
  x = np.random.default_rng(seed).uniform(-reach, reach, [count, dimension])
  module = getattr(_jenn().synthetic_data, function)
  return _Points(x, module.compute(x.T)[0], module.compute_partials(x.T)[0].T)


def _error(found: np.ndarray, truth: np.ndarray) -> float:
  return 100 * float(np.sqrt(np.mean((found - truth) ** 2)) / np.std(truth))


def _row(function: str, fit: _Fit, settings: Settings) -> list[str]:
  test = _points(function, _TEST, 2**32)
  columns = []
  for seed in range(settings.seeds):
    data = _points(function, settings.size, seed)
    start = time.process_time()
    predict = fit(data, seed)
    seconds = time.process_time() - start
    value, gradient = predict(test.x)
    columns.append(
        (_error(value, test.y), _error(gradient, test.gradient), seconds)
    )
  return [
      f'{np.median(c):.2g} ({min(c):.2g} to {max(c):.2g})'
      for c in zip(*columns, strict=True)
  ]


def measure(settings: Settings) -> str:
  """Returns the section."""
  _jenn(), _genn_class()  # Both, before anything is measured.
  rows = [
      (function, name, *_row(function, fit, settings))
      for function in settings.functions
      for name, fit in _SIDES.items()
  ]
  text = _TEXT.format(size=settings.size, test=_TEST, seeds=settings.seeds)
  head = ('function', '', 'values, %', 'gradients, %', 'CPU s')
  return f'{text}\n\n{document.table(head, rows)}'


if __name__ == '__main__':
  run_main(
      program.main(
          'surrogate_peer', Settings, measure, packages=('jenn', 'smt')
      )
  )
