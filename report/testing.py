# SPDX-License-Identifier: Apache-2.0
"""Rows made up for tests."""

from collections.abc import Callable
from collections.abc import Iterable
import math

from report import names
from report import networks as networks_lib
from report.rows import distillation
from report.rows import regression
from report.rows import runs
from report.rows import synthetic_gradients

MEAN = 1000.0  # The error of predicting the mean, of every function.
SIZES = (20, 100, 10_000)
RUN = runs.Run.of('python -m a.b --c=1', 'abcdef123456', '2 cores of X')

# By how much each method's accuracy is above the last one's, in points.
ACCURACIES = {
    'backprop': 86.0, 'noprop': 50.0, 'direct_sg': 61.0, 'vfbn': 72.0,
    'critic': 78.0, 'sobolev': 80.0,
}


def wave(seed: int) -> float:
  """Something that differs from seed to seed, with a mean of about 0."""
  return math.sin(2.4 * seed + 0.5)


def baselines() -> list[regression.Baseline]:
  """The errors of predicting the mean."""
  return [regression.Baseline(f, MEAN, MEAN, RUN.run) for f in names.FUNCTIONS]


def evaluations(
    effect: Callable[[str, int], float],
    scale: str = 'paper',
    seeds: int = 6,
    functions: Iterable[str] = tuple(names.FUNCTIONS),
    held_out: bool = True,
    regular: float = 10.0,
) -> list[regression.Evaluation]:
  """Networks whose effects are known.

  Args:
    effect: log10 of the regular over the Sobolev error at the last step, of a
      function and a size; before, half of it.
    scale: the recipe.
    seeds: how many.
    functions: which.
    held_out: whether there are errors on held-out points; they are least at the
      last step.
    regular: the regular networks' last error, in the mean.
  """
  found = []
  for function in functions:
    for size in SIZES:
      for seed in range(seeds):
        for step, share in ((100, 0.5), (1000, 1.0)):
          start = math.log10(regular) + (step == 100) + 0.3 * wave(seed)
          for arm in (networks_lib.REGULAR, networks_lib.SOBOLEV):
            gain = share * (effect(function, size) + 0.05 * wave(seed + size))
            log = start - gain * (arm == networks_lib.SOBOLEV)
            found.append(
                regression.Evaluation(
                    scale, function, size, *arm, seed, step,
                    test_mse=10**log,
                    test_gradient_mse=10**log,
                    validation_mse=10**log if held_out else None,
                    train_loss=0.0,
                    seconds=step / 1000,
                    run=RUN.run,
                )
            )
  return found


def surfaces() -> list[tuple]:
  """A paraboloid and models of it that are off by a constant; points of it."""
  grid = [
      regression.SurfacePoint(
          'paper', 'booth', panel, size, float(x1), float(x2),
          float(x1**2 + x2**2 + error), 2.0 * x1 if x1 else None, 2.0 * x2,
      )
      for panel, size, error in (
          ('truth', 0, 0.0), ('regular', 20, 0.5), ('sobolev', 20, 0.1)
      )
      for x1 in range(-2, 3)
      for x2 in range(-2, 3)
  ]
  return [*grid, regression.TrainingPoint('paper', 'booth', 20, 0.5, 0.5)]


def students(
    effect: Callable[[str, float], float],
    seeds: int = 5,
    percents: Iterable[float] = (1.0, 10.0, 50.0),
    overfitting: float = 1.0,
) -> list[distillation.Student]:
  """Students whose effects are known.

  Args:
    effect: log10 of the regular over the Sobolev divergence, of a game and a
      percentage.
    seeds: how many.
    percents: of the states.
    overfitting: a student's last over its lowest divergence.
  """
  found = []
  for game in names.GAMES:
    for percent in percents:
      for seed in range(seeds):
        for method in names.METHODS:
          log = 0.1 * wave(seed) - math.log10(percent) / 2
          if method == 'sobolev':
            log -= effect(game, percent) + 0.01 * wave(seed + percent)
          for step, times in ((0, 10.0), (50, 1 / overfitting), (100, 1.0)):
            found.append(
                distillation.Student(
                    'laptop', game, percent, method, seed, step,
                    test_kl=times * 10**log,
                    action_error=0.1,
                    train_kl=None,
                    episodes=max(1, int(percent)),
                    score=100.0 if step == 100 else None,
                    run=RUN.run,
                )
            )
  return found


def accuracies(
    changes: dict[str, float] | None = None,
    cases: Iterable[str] = tuple(names.CASES),
    seeds: int = 5,
    spread: float = 0.3,
) -> list[synthetic_gradients.Accuracy]:
  """Trainings whose accuracies are known.

  Args:
    changes: to the accuracies above, by method.
    cases: the rows of Table 1.
    seeds: how many.
    spread: of the accuracies over seeds, in points.
  """
  return [
      synthetic_gradients.Accuracy(
          'overnight', case, method, seed, step, step / 10,
          top1=(accuracy + spread * wave(seed + len(method))) * step / 100,
          top5=90.0,
          train_loss=1.0,
          classes=10 if case.startswith('cifar10') else 20,
          run=RUN.run,
      )
      for case in cases
      for method, accuracy in (ACCURACIES | (changes or {})).items()
      for seed in range(seeds)
      for step in (50, 100)
  ]


def alignment(
    rows: Iterable[synthetic_gradients.Accuracy],
) -> list[synthetic_gradients.Alignment]:
  """Synthetic gradients of some trainings' modules."""
  return [
      synthetic_gradients.Alignment(
          *row[:6], split,
          cosine=split / 10,
          norm_ratio=2.0,
          loss_error=None if row.method == 'vfbn' else 0.5,
          asymmetry=1e-15,
          loss_pull=2.0 if row.method == 'sobolev' else None,
          gradient_pull=0.5,
          run=RUN.run,
      )
      for row in rows
      if row.method not in ('backprop', 'noprop')
      for split in range(1, int(row.case[-1]) + 1)
  ]


def choices() -> list[synthetic_gradients.Candidate]:
  """Candidates of two methods, the last of each chosen; one diverged."""
  trained = [
      synthetic_gradients.Candidate(
          'choices', 'true', 'cifar10/3', method, 'l1', weight, 3e-4, seed,
          int(10 * epoch), epoch,
          validation_top1=50 + epoch + weight,
          train_loss=1.0,
          chosen=int(weight == best),
          run=RUN.run,
      )
      for method, weights, best in (
          ('sobolev', (1.0, 0.1), 0.1), ('critic', (0.0,), 0.0)
      )
      for weight in weights
      for seed in (100, 101)
      for epoch in (1.0, 2.0)
  ]
  diverged = trained[0]._replace(
      learning_rate=1e-2, step=0, epoch=0.0, validation_top1=None,
      train_loss=None,
  )
  return [*trained, diverged]


def student_choices() -> list[distillation.Candidate]:
  """Candidates of three learning rates of a game, and of two of another.

  One that is not chosen diverged.
  """
  candidates = [
      distillation.Candidate(
          'laptop', game, 10.0, method, rate, alpha, seed,
          rate + alpha + 0.1 * (seed - 1000), 0.5,
          chosen=int(rate == 2e-3 and alpha < 10),
          run=RUN.run,
      )
      for game, method, alpha, rates in (
          ('pong', 'regular', 0.0, (1e-3, 2e-3, 3e-3)),
          ('pong', 'sobolev', 1.0, (1e-3, 2e-3, 3e-3)),
          ('pong', 'sobolev', 10.0, (2e-3,)),
          ('breakout', 'regular', 0.0, (1e-3, 2e-3)),
      )
      for rate in rates
      for seed in (1000, 1001)
      if seed == 1000 or rate == 2e-3
  ]
  return [
      one._replace(validation_kl=None, constant_kl=None)
      if (one.learning_rate, one.alpha) == (3e-3, 1.0) else one
      for one in candidates
  ]
