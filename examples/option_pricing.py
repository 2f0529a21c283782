# SPDX-License-Identifier: Apache-2.0
"""Prices options by differential machine learning (Huge & Savine, 2020).

    ./bazelw run //examples:option_pricing

A network learns the price of a call on a basket, and its deltas, from one
simulated path per sample: from payoffs alone, and from payoffs with their
pathwise derivatives. Neither sees a price. The assets follow independent
geometric Brownian motions and the basket is their geometric mean, which is then
lognormal: the closed form of Black and Scholes is the truth.

Axes: N samples, D assets, S sizes, R seeds.
"""

from collections.abc import Sequence
import math
import os
import pathlib

from absl import app
from absl import flags
from matplotlib import figure as figure_lib
import numpy as np

import sobolev_training as sobolev

STRIKE, RATE, VOLATILITY, YEARS = 100.0, 0.02, 0.3, 1.0
SPOTS = 60.0, 140.0  # Today's prices, uniform.
_TEST = 2000  # Samples that errors are measured on.
METHODS = ('payoffs', 'payoffs and derivatives')


def simulate(
    spot: np.ndarray, normal: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Plays one path for each sample.

  Args:
    spot: [N, D], today's prices.
    normal: [N, D], standard normal numbers.

  Returns:
    The discounted payoffs of the call [N] and their derivatives in spot [N, D].
  """
  drift = (RATE - VOLATILITY ** 2 / 2) * YEARS
  terminal = spot * np.exp(drift + VOLATILITY * math.sqrt(YEARS) * normal)
  basket = np.exp(np.mean(np.log(terminal), axis=1))
  discount = math.exp(-RATE * YEARS)
  payoff = discount * np.maximum(basket - STRIKE, 0)
  exercised = discount * np.where(basket > STRIKE, basket, 0)
  return payoff, exercised[:, None] / (spot.shape[1] * spot)


def closed_form(spot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Returns the prices [N] and the deltas [N, D] at spot [N, D]."""
  assets = spot.shape[1]
  deviation = VOLATILITY * math.sqrt(YEARS / assets)
  drift = (RATE - VOLATILITY ** 2 / 2) * YEARS + deviation ** 2 / 2
  forward = np.exp(np.mean(np.log(spot), axis=1) + drift)
  d1 = np.log(forward / STRIKE) / deviation + deviation / 2
  discount = math.exp(-RATE * YEARS)
  of_basket = discount * forward * _normal_cdf(d1)
  price = of_basket - discount * STRIKE * _normal_cdf(d1 - deviation)
  return price, of_basket[:, None] / (assets * spot)


def _normal_cdf(x: np.ndarray) -> np.ndarray:
  return 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def _spots(count: int, assets: int, random: np.random.Generator) -> np.ndarray:
  return random.uniform(*SPOTS, [count, assets])


def fit(
    method: str, size: int, assets: int, seed: int, steps: int
) -> sobolev.surrogate.Surrogate:
  """Learns from `size` paths, by one of `METHODS`."""
  random = np.random.default_rng(seed)
  spot = _spots(size, assets, random)
  payoff, derivative = simulate(spot, random.normal(size=spot.shape))
  known = [derivative] if method == METHODS[1] else []
  return sobolev.surrogate.fit(spot, payoff, *known, steps=steps, seed=seed)


def errors(surrogate: sobolev.surrogate.Surrogate, assets: int) -> list[float]:
  """Returns the root mean square errors of prices and deltas, in percent.

  They are percentages of the standard deviation of the truth.
  """
  spot = _spots(_TEST, assets, np.random.default_rng(2**32))
  return [
      100 * float(np.sqrt(np.mean((found - truth) ** 2)) / np.std(truth))
      for found, truth in zip(
          surrogate.predict(spot, 1), closed_form(spot), strict=True
      )
  ]


def draw(
    sizes: Sequence[int],
    results: dict[str, np.ndarray],
    examples: dict[str, sobolev.surrogate.Surrogate],
    assets: int,
) -> figure_lib.Figure:
  """Draws the errors, and a network of each kind against the truth.

  Args:
    sizes: [S], the samples.
    results: of each method, the errors [S, R, 2].
    examples: a network of each method, of the last size.
    assets: D.
  """
  figure = figure_lib.Figure(figsize=(10, 3.4), layout='constrained')
  *panels, last = figure.subplots(1, 3)
  for k, (axes, name) in enumerate(
      zip(panels, ('price', 'deltas'), strict=True)
  ):
    for method, array in results.items():
      mean, std = array[..., k].mean(1), array[..., k].std(1)
      axes.errorbar(sizes, mean, std, marker='o', capsize=3, label=method)
    axes.set(
        xscale='log', yscale='log', xlabel='simulated paths',
        title=f'error of the {name}, %',
    )
    axes.set_xticks(sizes, sizes)
    axes.xaxis.minorticks_off()
    axes.yaxis.set_major_formatter('{x:g}')
    axes.yaxis.set_minor_formatter('{x:g}')
  panels[0].legend()
  spot = _spots(300, assets, np.random.default_rng(2**32))
  truth = closed_form(spot)[1][:, 0]
  for method, surrogate in examples.items():
    _, delta = surrogate.predict(spot, 1)
    last.plot(truth, delta[:, 0], '.', alpha=0.6, label=method)
  ends = [truth.min(), truth.max()]
  last.plot(ends, ends, 'k-', linewidth=1)
  last.set(
      xlabel='true delta of an asset', title=f'predicted, {sizes[-1]} paths'
  )
  return figure


def run(
    sizes: Sequence[int],
    seeds: int,
    assets: int,
    steps: int,
    output: pathlib.Path,
) -> dict[str, np.ndarray]:
  """Measures, prints and draws; see the flags."""
  results = {m: np.zeros([len(sizes), seeds, 2]) for m in METHODS}
  examples = {}
  for i, size in enumerate(sizes):
    for method, array in results.items():
      for seed in range(seeds):
        surrogate = fit(method, size, assets, seed, steps)
        examples[method] = surrogate
        array[i, seed] = errors(surrogate, assets)
      price, deltas = (
          f'{mean:.1f}' + f' ± {std:.1f}' * (seeds > 1)
          for mean, std in zip(array[i].mean(0), array[i].std(0), strict=True)
      )
      print(
          f'{size} {method}: error of the price {price} %, of the deltas '
          f'{deltas} %', flush=True,
      )
  draw(sizes, results, examples, assets).savefig(output, dpi=100)
  return results


def main(_):
  os.chdir(os.environ.get('BUILD_WORKING_DIRECTORY', '.'))  # Under Bazel.
  values = flags.FLAGS
  output = pathlib.Path(values.output).resolve()
  output.parent.mkdir(parents=True, exist_ok=True)
  sizes = [int(size) for size in values.sizes]
  run(sizes, values.seeds, values.assets, values.steps, output)
  print(output)


if __name__ == '__main__':
  flags.DEFINE_list('sizes', ['256', '1024', '4096'], 'Paths.')
  flags.register_validator(
      'sizes',
      lambda sizes: sizes and all(s.isdigit() and int(s) for s in sizes),
      'expected numbers above 0, such as 100,200',
  )
  flags.DEFINE_integer('seeds', 3, 'Networks of each kind.', lower_bound=1)
  flags.DEFINE_integer('assets', 5, 'D, of the basket.', lower_bound=1)
  flags.DEFINE_integer('steps', 2000, 'Updates of the weights.', lower_bound=1)
  flags.DEFINE_string(
      'output', 'runs/option_pricing.png', 'The figure to write.'
  )
  flags.register_validator(
      'output',
      lambda path: path.endswith(('.pdf', '.png', '.svg')),
      'expected a name that ends in .png, .pdf or .svg',
  )
  app.run(main)
