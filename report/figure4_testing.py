"""Made-up rows of figure 4 during training, for tests."""

from collections.abc import Sequence

from report import figure4_rows

# The divergence that each method ends at with 1 % of the states.
ENDS = {'regular': 0.4, 'sobolev': 0.1}


def curves(
    game: str = 'pong',
    scale: str = 'laptop',
    seeds: int = 3,
    percents: Sequence[float] = (1.0, 10.0),
) -> list[figure4_rows.Curve]:
  """Divergences that halve every 100 updates, ten times.

  Those of a seed are twice those of the one before, and with ten times the
  states they are a tenth. The action error falls along a straight line from 0.8
  to 0.2, 0.3, ..., by the seed.
  """
  return [
      figure4_rows.Curve(
          scale=scale,
          game=game,
          percent=percent,
          method=method,
          seed=seed,
          step=100 * k,
          test_kl=end / percent * 2.0 ** (seed + 10 - k),
          action_error=0.8 - (0.6 - 0.1 * seed) * k / 10,
          train_kl=None if method == 'regular' else end / 10,
          episodes=percent,
      )
      for percent in percents
      for method, end in ENDS.items()
      for seed in range(seeds)
      for k in range(11)
  ]


def teachers(game: str = 'pong') -> list[figure4_rows.Teacher]:
  """A teacher with a tenth of the frames that the paper's have seen."""
  return [
      figure4_rows.Teacher(
          game, policy, 32_000_000, 30, 27_000, mean, low, high, '0123abc'
      )
      for policy, mean, low, high in (
          ('greedy', 18.25, None, None), ('stochastic', 16.0, 13.5, 18.5)
      )
  ]


def teacher_curves(game: str = 'pong') -> list[figure4_rows.TeacherCurve]:
  """Scores along a straight line; evaluations at every second moment."""
  return [
      figure4_rows.TeacherCurve(
          game=game,
          frames=8e6 * k,
          training_score=10.0 * k - 20 if k else None,
          greedy_score=None if k % 2 else 10.0 * k - 19,
          stochastic_score=None if k % 2 else 10.0 * k - 21,
      )
      for k in range(5)
  ]
