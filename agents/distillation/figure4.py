"""Figure 4: games x shares of the states x methods x seeds.

    ./bazelw run //agents:figure4 -- --scale=smoke

Records the states of each teacher, chooses step size and alpha for each game,
percentage and method by validation episodes, and trains the students. (The
paper chose for each game and method: supplement 2 [M].) Every run is resumable,
and so is all of it: the same command goes on.
"""

import functools
import hashlib
import itertools
import pathlib

from absl import flags

from agents.a3c import teacher_file
from agents.atari import games
from agents.distillation import analysis
from agents.distillation import choice
from agents.distillation import distill
from agents.distillation import record
from agents.distillation import scales
from agents.distillation import settings as settings_lib
from agents.distillation import teachers
from experiment import config
from experiment import errors
from experiment import inputs
from experiment import run_folder
from experiment import sweep
from report import figure4_figures

_RECORDING = 'recording'  # The folder's name.

# A Sobolev update over a regular one, for the time left.
_WEIGHTS = {'regular': 1.0, 'sobolev': 2.6}


def run(
    plan: scales.Sweep, given: dict[str, object], output: pathlib.Path
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
  settings = scales.scaled(plan.scale, given)
  name = _name(plan.scale, settings)
  folder = output / name.replace(' ', '-')
  results = run_folder.make(plan.results)
  if not plan.choose:
    cells = itertools.product(
        settings.games, settings.percents, settings_lib.METHODS
    )
    chosen = choice.load(results, name, cells)
  with sweep.importing() as programs:
    run_jobs = functools.partial(
        sweep.run, at_once=plan.jobs or None, programs=programs
    )
    run_jobs(_record_jobs(settings, folder))
    run_students = functools.partial(run_jobs, threads_setting='threads')
    if plan.choose:
      candidates = candidate_jobs(settings, folder)
      run_students(candidates)
      chosen = choice.read({job.folder: job.config for job in candidates})
    jobs = final_jobs(settings, chosen, folder)
    run_students(jobs)
  analysis.collect([job.folder for job in jobs], name, results)
  choice.write(chosen, name, results)
  picture = folder / 'figure4.png'
  figure4_figures.draw(results, name, picture)
  return picture


def _name(scale: str, settings: scales.Settings) -> str:
  """The scale of the rows; of other teachers it is another one."""
  paths = {g: teachers.path(g, _teacher(settings, g)) for g in games.GAMES}
  for game in settings.games:
    if not paths[game].exists():
      raise errors.UserError(
          f'{paths[game]}: no such file: train a teacher with '
          f'//agents:train_teacher -- --game={game}, or leave the game out by '
          '--games'
      )
  name = scales.label(scale, settings)
  if settings.teachers:
    # Of all that are there, so that a choice of games makes no other row.
    there = [path for path in paths.values() if path.exists()]
    name += f' teachers={inputs.digest(there)[:8]}'
  return name


def _record_jobs(
    settings: scales.Settings, folder: pathlib.Path
) -> list[sweep.Job]:
  return [
      sweep.Job(
          record.__name__,
          record.Config(
              game=game,
              teacher=_teacher(settings, game),
              states=settings.states,
              parts=settings.parts,
          ),
          _place(settings, folder, game) / _RECORDING,
      )
      for game in settings.games
  ]


def _teacher(settings: scales.Settings, game: str) -> str:
  """The --teacher of a game's runs."""
  if not settings.teachers:
    return ''
  folder = run_folder.resolve(settings.teachers)
  return str(folder / f'{game}{teacher_file.SUFFIX}')


def _place(
    settings: scales.Settings, folder: pathlib.Path, game: str
) -> pathlib.Path:
  """The folder of a game's runs: another teacher gets another one."""
  path = teachers.path(game, _teacher(settings, game))
  digest = hashlib.sha256(path.read_bytes()).hexdigest()
  return run_folder.resolve(folder) / f'{game}-{digest[:8]}'


def _student(
    settings: scales.Settings, folder: pathlib.Path, game: str, **own
) -> settings_lib.Config:
  """The settings of one run."""
  return settings_lib.Config(
      game=game,
      teacher=_teacher(settings, game),
      recording=str(
          _place(settings, folder, game) / _RECORDING / record.RECORDING
      ),
      batch_size=settings.batch_size,
      tested_states=settings.tested_states,
      max_game_steps=settings.max_game_steps,
      **own,
  )


def candidate_jobs(
    settings: scales.Settings, folder: pathlib.Path
) -> list[sweep.Job]:
  """The runs that step size and alpha are chosen by."""
  jobs = []
  # Other seeds than those of the runs that count.
  seeds = range(settings.seeds, settings.seeds + settings.choice_seeds)
  for seed, percent, game, rate, alpha in itertools.product(
      seeds,
      settings.percents,
      settings.games,
      settings.learning_rates,
      (0.0, *settings.alphas),
  ):
    student = _student(
        settings, folder, game,
        percent=percent,
        learning_rate=rate,
        alpha=alpha,
        steps=settings.choice_steps,
        seed=seed,
        evaluations=1,
        score_games=0,
    )
    name = f'{percent:g}-{student.method}-{rate:g}-{alpha:g}-{seed}'
    where = _place(settings, folder, game) / f'candidate-{name}'
    jobs.append(
        sweep.Job(distill.__name__, student, where, _WEIGHTS[student.method])
    )
  return jobs


def final_jobs(
    settings: scales.Settings,
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
    chosen = best[game, percent, method][0]
    student = _student(
        settings, folder, game,
        percent=percent,
        learning_rate=chosen.learning_rate,
        alpha=chosen.alpha,
        steps=settings.steps,
        seed=seed,
        evaluations=settings.evaluations,
        score_games=settings.score_games,
    )
    where = _place(settings, folder, game) / f'{percent:g}-{method}-{seed}'
    jobs.append(
        sweep.Job(distill.__name__, student, where, _WEIGHTS[method])
    )
  return jobs


def main(_):
  plan = config.from_flags(scales.Sweep)
  output = run_folder.resolve(flags.FLAGS.output)
  picture = run(plan, config.given(scales.Settings), output)
  print(f'Rows: {run_folder.resolve(plan.results)}\nFigure: {picture}')


if __name__ == '__main__':
  config.define_flags(scales.Sweep)
  config.define_flags(scales.Settings)
  flags.DEFINE_string('output', 'runs/figure4', 'The folder of the runs.')
  errors.run_main(main)
