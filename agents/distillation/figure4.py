"""Figure 4: games x shares of the states x methods x seeds.

    ./bazelw run //agents:figure4 -- --scale=smoke

Records the states of each teacher, chooses step size and alpha for each game
and method by validation episodes, as the paper did (supplement 2 [M]), and
trains the students. Every run is resumable, and so is all of it: the same
command goes on.
"""

import dataclasses
import itertools
import pathlib

from absl import flags

from agents.a3c import teacher_file
from agents.atari import games
from agents.distillation import analysis
from agents.distillation import choice
from agents.distillation import distill
from agents.distillation import record
from agents.distillation import settings as settings_lib
from agents.distillation import teachers
from sobolev_training.experiment import config
from sobolev_training.experiment import errors
from sobolev_training.experiment import run_folder
from sobolev_training.experiment import sweep
from tools.report import figure4_figures

# A Sobolev update over a regular one, for the time left.
_WEIGHTS = {'regular': 1.0, 'sobolev': 3.5}

# What a scale sets in place of the defaults, which are those of `paper`.
SCALES = {
    'smoke': {
        'states': 2400,
        'parts': 3,
        'percents': (5.0, 20.0),
        'seeds': 1,
        'steps': 20,
        'choice_steps': 10,
        'learning_rates': (1e-3,),
        'alphas': (1.0,),
        'evaluations': 2,
        'tested_states': 300,
        'score_games': 1,
        'max_game_steps': 200,
    },
    'laptop': {
        'percents': (1.0, 10.0, 50.0),
        'seeds': 5,
        'steps': 500,
        'choice_steps': 250,
        'learning_rates': (3e-4, 1e-3),
        'alphas': (0.1, 1.0, 10.0),
        'evaluations': 10,
        'tested_states': 2000,
        'score_games': 3,
    },
    'paper': {},
}


@dataclasses.dataclass(frozen=True)
class Settings:
  """All but the scale, whose settings go before these defaults."""

  games: tuple[str, ...] = config.setting(
      tuple(games.GAMES), 'Which games.', choices=tuple(games.GAMES)
  )
  teachers: str = config.setting(
      '', 'The folder of the teachers, <game>.npz; by default agents/teachers.',
      affects_result=False,
  )
  states: int = config.setting(
      100_000, 'Recorded states of a game.', 'states',
      'section 4.2: 100K [V]', minimum=1,
  )
  parts: int = config.setting(
      50, 'Parts of a recording, written one by one.', minimum=1
  )
  percents: tuple[float, ...] = config.setting(
      (1.0, 5.0, 10.0, 25.0, 50.0), 'Recorded states to train on.', '%',
      'unknown; [O]', above=0, maximum=99,
  )
  seeds: int = config.setting(10, 'Runs a cell.', source='[O]', minimum=1)
  steps: int = config.setting(
      20_000, 'Updates.', source='unknown; 20,000 [O]', minimum=1
  )
  choice_percent: float = config.setting(
      10.0, 'Recorded states to train on when settings are chosen.', '%',
      '[O]', above=0, maximum=99,
  )
  choice_steps: int = config.setting(
      5000, 'Updates when settings are chosen.', source='[O]', minimum=1
  )
  learning_rates: tuple[float, ...] = config.setting(
      (1e-5, 3e-5, 1e-4, 3e-4, 1e-3), 'Step sizes to choose from.',
      source='1e-5 to 1e-3 [M]', above=0,
  )
  alphas: tuple[float, ...] = config.setting(
      (0.1, 1.0, 10.0), 'Weights of the Sobolev term to choose from.',
      source='unknown; [O]', above=0,
  )
  evaluations: int = config.setting(
      20, 'Tests of a run, after one at the start.', minimum=1
  )
  tested_states: int = config.setting(
      0, 'Test states that are used; 0 for all.', 'states', minimum=0
  )
  score_games: int = config.setting(
      10, 'Games that a student plays at the end; 0 for none.', minimum=0
  )
  max_game_steps: int = config.setting(
      27_000, 'After which one is broken off.', 'steps', minimum=1
  )


@dataclasses.dataclass(frozen=True)
class Sweep:
  """Where, and how much."""

  scale: str = config.setting(
      'laptop',
      'How much. Flags given beside it go before its own settings.',
      choices=tuple(SCALES),
  )
  results: str = config.setting(
      'results', 'The folder of the CSV files that the rows are merged into.'
  )
  jobs: int = config.setting(
      0, 'Runs at a time; 0 for one a core.', minimum=0, affects_result=False
  )


def scaled(scale: str, given: dict[str, object]) -> Settings:
  """The settings of a scale, with those given on the command line."""
  return Settings(**{**SCALES[scale], **given})


def label(scale: str, settings: Settings) -> str:
  """The name to file the rows of these settings under."""
  # A choice of games makes no other row.
  standard = dataclasses.replace(scaled(scale, {}), games=settings.games)
  return config.label(scale, settings, standard)


def run(
    plan: Sweep, given: dict[str, object], output: pathlib.Path
) -> pathlib.Path:
  """Records, chooses, trains, merges the rows and draws the figure.

  Args:
    plan: what to run.
    given: settings in place of the scale's.
    output: the folder of the runs.

  Returns:
    The figure's path.

  Raises:
    UserError: a teacher is missing, or runs failed.
  """
  settings = scaled(plan.scale, given)
  name = label(plan.scale, settings)
  folder = output / name.replace(' ', '-')
  _record(settings, folder, plan.jobs)
  chosen = _choose(settings, folder, plan.jobs)
  jobs = final_jobs(settings, chosen, folder)
  _run(jobs, plan.jobs)
  results = run_folder.resolve(plan.results)
  analysis.collect([job.folder for job in jobs], name, results)
  choice.write(chosen, name, results)
  picture = folder / 'figure4.png'
  figure4_figures.draw(results, name, picture)
  return picture


def _record(settings: Settings, folder: pathlib.Path, at_once: int) -> None:
  for game in settings.games:
    path = teachers.path(game, _teacher(settings, game))
    if not path.exists():
      raise errors.UserError(
          f'{path}: no such file: train a teacher with //agents:train_teacher '
          f'-- --game={game}, or leave the game out by --games'
      )
  jobs = [
      sweep.Job(
          record.__name__,
          record.Config(
              game=game,
              teacher=_teacher(settings, game),
              states=settings.states,
              parts=settings.parts,
          ),
          folder / f'{game}-recording',
      )
      for game in settings.games
  ]
  sweep.run(jobs, at_once or None)


def _teacher(settings: Settings, game: str) -> str:
  """The --teacher of a game's runs."""
  if not settings.teachers:
    return ''
  folder = run_folder.resolve(settings.teachers)
  return str(folder / f'{game}{teacher_file.SUFFIX}')


def _run(jobs: list[sweep.Job], at_once: int) -> None:
  sweep.run(jobs, at_once or None, threads_setting='threads')


def _student(
    settings: Settings, folder: pathlib.Path, game: str, **own
) -> settings_lib.Config:
  """The settings of one run."""
  return settings_lib.Config(
      game=game,
      teacher=_teacher(settings, game),
      recording=str(
          run_folder.resolve(folder) / f'{game}-recording' / record.RECORDING
      ),
      tested_states=settings.tested_states,
      max_game_steps=settings.max_game_steps,
      **own,
  )


def _choose(
    settings: Settings, folder: pathlib.Path, at_once: int
) -> list[choice.Candidate]:
  """Runs the candidates of every game and method."""
  candidates = {}
  for game, rate, alpha in itertools.product(
      settings.games, settings.learning_rates, (0.0, *settings.alphas)
  ):
    student = _student(
        settings, folder, game,
        percent=settings.choice_percent,
        learning_rate=rate,
        alpha=alpha,
        steps=settings.choice_steps,
        # Other numbers than those of the runs that count.
        seed=settings.seeds,
        evaluations=1,
        score_games=0,
    )
    where = folder / f'{game}-choice' / f'{student.method}-{rate:g}-{alpha:g}'
    candidates[where] = student
  _run(
      [
          sweep.Job(
              distill.__name__, student, where, _WEIGHTS[student.method]
          )
          for where, student in candidates.items()
      ],
      at_once,
  )
  return choice.read(candidates)


def final_jobs(
    settings: Settings,
    candidates: list[choice.Candidate],
    folder: pathlib.Path,
) -> list[sweep.Job]:
  """The runs that count, a seed of every cell first."""
  best = choice.best(candidates)
  jobs = []
  for seed, percent, game, method in itertools.product(
      range(settings.seeds),
      settings.percents,
      settings.games,
      reversed(settings_lib.METHODS),
  ):
    student = _student(
        settings, folder, game,
        percent=percent,
        learning_rate=best[game, method].learning_rate,
        alpha=best[game, method].alpha,
        steps=settings.steps,
        seed=seed,
        evaluations=settings.evaluations,
        score_games=settings.score_games,
    )
    where = folder / game / f'{percent:g}-{method}-{seed}'
    jobs.append(
        sweep.Job(distill.__name__, student, where, _WEIGHTS[method])
    )
  return jobs


def main(_):
  plan = config.from_flags(Sweep)
  output = run_folder.resolve(flags.FLAGS.output)
  picture = run(plan, config.given(Settings), output)
  print(f'Rows: {run_folder.resolve(plan.results)}\nFigure: {picture}')


if __name__ == '__main__':
  config.define_flags(Sweep)
  config.define_flags(Settings)
  flags.DEFINE_string('output', 'runs/figure4', 'The folder of the runs.')
  errors.run_main(main)
