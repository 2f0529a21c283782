# SPDX-License-Identifier: Apache-2.0
"""A surrogate of a beam, from deflections and recorded adjoints.

    ./bazelw run //examples:surrogate

A steel beam, clamped at both ends, carries a uniform load; its thickness is
chosen in D places. Finite elements give the deflection at midspan, and one more
solve with the same matrix, the adjoint, gives its derivatives in all D
thicknesses. A network learns the deflection from a few designs, with and
without these derivatives.

Axes: N designs, D elements, S sizes, R seeds.
"""

from collections.abc import Sequence
import os
import pathlib

from absl import app
from absl import flags
from matplotlib import figure as figure_lib
import numpy as np

import sobolev_training as sobolev

MODULUS = 210e9  # Pa, of steel.
WIDTH = 0.1  # m.
LENGTH = 2.0  # m.
LOAD = 1e3  # N/m.
THICKNESS = 0.02, 0.04  # m, uniform.
_TEST = 1000  # Designs that errors are measured on.
METHODS = ('deflections', 'deflections and adjoints')


def deflection(thickness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Solves beams of Euler and Bernoulli.

  Args:
    thickness: [N, D] of the elements, m; D is even, so that a node is midspan.

  Returns:
    The deflections at midspan [N], mm, and their derivatives [N, D], mm/m.
  """
  count, elements = thickness.shape
  h = LENGTH / elements
  # Hermite's cubic elements: deflection and slope at both nodes.
  element = np.array([
      [12, 6 * h, -12, 6 * h],
      [6 * h, 4 * h * h, -6 * h, 2 * h * h],
      [-12, -6 * h, 12, -6 * h],
      [6 * h, 2 * h * h, -6 * h, 4 * h * h],
  ]) / h ** 3
  rigidity = MODULUS * WIDTH * thickness ** 3 / 12
  stiffness = np.zeros([count, 2 * elements + 2, 2 * elements + 2])
  load = np.zeros(2 * elements + 2)
  for d in range(elements):
    own = slice(2 * d, 2 * d + 4)
    stiffness[:, own, own] += rigidity[:, d, None, None] * element
    load[own] += LOAD * h * np.array([1 / 2, h / 12, 1 / 2, -h / 12])
  free = slice(2, 2 * elements)  # The others are clamped.
  midspan = np.zeros_like(load)
  midspan[elements] = 1  # Two per node.
  # The matrix is symmetric: the adjoint is a second right-hand side.
  solutions = np.zeros([count, len(load), 2])
  solutions[:, free] = np.linalg.solve(
      stiffness[:, free, free], np.stack([load, midspan], axis=1)[free]
  )
  state, adjoint = np.moveaxis(solutions, 2, 0)
  softening = 3 * rigidity / thickness  # d rigidity / d thickness.
  gradient = np.stack([
      -softening[:, d] * np.einsum(
          'ni,ij,nj->n', adjoint[:, 2 * d:2 * d + 4], element,
          state[:, 2 * d:2 * d + 4],
      )
      for d in range(elements)
  ], axis=1)
  return 1e3 * state[:, elements], 1e3 * gradient


def _designs(
    count: int, elements: int, random: np.random.Generator
) -> np.ndarray:
  return random.uniform(*THICKNESS, [count, elements])


def fit(
    method: str, size: int, elements: int, seed: int, steps: int
) -> sobolev.surrogate.Surrogate:
  """Learns from `size` designs, by one of `METHODS`."""
  x = _designs(size, elements, np.random.default_rng(seed))
  y, gradient = deflection(x)
  known = [gradient] if method == METHODS[1] else []
  return sobolev.surrogate.fit(x, y, *known, steps=steps, seed=seed)


def errors(
    surrogate: sobolev.surrogate.Surrogate, elements: int
) -> list[float]:
  """Returns the root mean square errors of value and gradient, in percent.

  They are percentages of the standard deviation of the truth.
  """
  x = _designs(_TEST, elements, np.random.default_rng(2**32))
  return [
      100 * float(np.sqrt(np.mean((found - truth) ** 2)) / np.std(truth))
      for found, truth in zip(
          surrogate.predict(x, 1), deflection(x), strict=True
      )
  ]


def draw(
    sizes: Sequence[int],
    results: dict[str, np.ndarray],
    examples: dict[str, sobolev.surrogate.Surrogate],
    elements: int,
) -> figure_lib.Figure:
  """Draws the errors, and a network of each kind against the truth.

  Args:
    sizes: [S], the designs.
    results: of each method, the errors [S, R, 2].
    examples: a network of each method, of the last size.
    elements: D.
  """
  figure = figure_lib.Figure(figsize=(10, 3.4), layout='constrained')
  *panels, last = figure.subplots(1, 3)
  for k, (axes, name) in enumerate(
      zip(panels, ('deflection', 'gradient'), strict=True)
  ):
    for method, array in results.items():
      mean, std = array[..., k].mean(1), array[..., k].std(1)
      axes.errorbar(sizes, mean, std, marker='o', capsize=3, label=method)
    axes.set(
        xscale='log', yscale='log', xlabel='solved designs',
        title=f'error of the {name}, %',
    )
    axes.set_xticks(sizes, sizes)
    axes.xaxis.minorticks_off()
    axes.yaxis.set_major_formatter('{x:g}')
    axes.yaxis.set_minor_formatter('{x:g}')
  panels[0].legend()
  x = _designs(200, elements, np.random.default_rng(2**32))
  truth, _ = deflection(x)
  for method, surrogate in examples.items():
    last.plot(truth, surrogate.predict(x), '.', alpha=0.6, label=method)
  ends = [truth.min(), truth.max()]
  last.plot(ends, ends, 'k-', linewidth=1)
  last.set(
      xlabel='true deflection, mm', title=f'predicted, {sizes[-1]} designs'
  )
  return figure


def run(
    sizes: Sequence[int],
    seeds: int,
    elements: int,
    steps: int,
    output: pathlib.Path,
) -> dict[str, np.ndarray]:
  """Measures, prints and draws; see the flags."""
  results = {m: np.zeros([len(sizes), seeds, 2]) for m in METHODS}
  examples = {}
  for i, size in enumerate(sizes):
    for method, array in results.items():
      for seed in range(seeds):
        surrogate = fit(method, size, elements, seed, steps)
        examples[method] = surrogate
        array[i, seed] = errors(surrogate, elements)
      deflection, gradient = (
          f'{mean:.2f}' + f' ± {std:.2f}' * (seeds > 1)
          for mean, std in zip(array[i].mean(0), array[i].std(0), strict=True)
      )
      print(
          f'{size} {method}: error of the deflection {deflection} %, of the '
          f'gradient {gradient} %', flush=True,
      )
  draw(sizes, results, examples, elements).savefig(output, dpi=100)
  return results


def main(_):
  os.chdir(os.environ.get('BUILD_WORKING_DIRECTORY', '.'))  # Under Bazel.
  values = flags.FLAGS
  output = pathlib.Path(values.output).resolve()
  output.parent.mkdir(parents=True, exist_ok=True)
  sizes = [int(size) for size in values.sizes]
  run(sizes, values.seeds, values.elements, values.steps, output)
  print(output)


if __name__ == '__main__':
  flags.DEFINE_list('sizes', ['20', '40', '80', '160', '320'], 'Designs.')
  flags.register_validator(
      'sizes',
      lambda sizes: sizes and all(s.isdigit() and int(s) for s in sizes),
      'expected numbers above 0, such as 100,200',
  )
  flags.DEFINE_integer('seeds', 5, 'Networks of each kind.', lower_bound=1)
  flags.DEFINE_integer('elements', 10, 'D, even.', lower_bound=2)
  flags.register_validator(
      'elements', lambda d: d % 2 == 0, 'expected an even number, as 10'
  )
  flags.DEFINE_integer('steps', 3000, 'Updates of the weights.', lower_bound=1)
  flags.DEFINE_string(
      'output', 'runs/surrogate.png', 'The figure to write.'
  )
  flags.register_validator(
      'output',
      lambda path: path.endswith(('.pdf', '.png', '.svg')),
      'expected a name that ends in .png, .pdf or .svg',
  )
  app.run(main)
