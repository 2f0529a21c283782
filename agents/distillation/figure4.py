# SPDX-License-Identifier: Apache-2.0
"""Figure 4: games x percentages of the states x methods x seeds.

    ./bazelw run //agents:figure4 -- --scale=smoke

Records the states of each teacher, chooses learning rate and alpha for each
game and method by validation episodes (`choice` has the rule), and trains the
students. `--parts=choose` ends with the choice, and `--parts=train` begins with
one that was made. Every run is resumable, and so is all of it: the same command
goes on.
"""

from experiment.startup import run_main

from collections.abc import Container
from collections.abc import Mapping
import dataclasses
import hashlib
import itertools
import pathlib

from agents.a3c import teacher_file
from agents.atari import games
from agents.distillation import analysis
from agents.distillation import choice
from agents.distillation import distill
from agents.distillation import record
from agents.distillation import scales
from agents.distillation import settings as settings_lib
from agents.distillation import teachers
from experiment import errors
from experiment import inputs
from experiment import run_folder
from experiment import study
from experiment import sweep
from report import drawings

_RECORDING = 'recording'  # The folder's name.

# A Sobolev update over a regular one, for the time left.
_WEIGHTS = {'regular': 1.0, 'sobolev': 2.6}

# The folder of each game's runs.
Places = Mapping[str, pathlib.Path]


def run(
    plan: scales.Sweep,
    given: Mapping[str, object],
    output: pathlib.Path,
    rows: pathlib.Path | None = None,
) -> study.Study:
  """Records, chooses, trains, writes the rows and draws the figure.

  There is a figure only if students were trained.

  The arguments are those of `study.main`'s `run`, and `rows` the folder of the
  rows; by default the sweep's own.

  Raises:
    UserError: a teacher or a choice is missing, or runs failed.
  """
  settings = scales.scaled(plan.scale, given)
  scale = _name(plan.scale, settings)
  made = study.Study('Figure 4', scale, plan, output, rows)

  def chosen() -> Mapping[choice.Cell, choice.Candidate]:
    cells = itertools.product(settings.games, settings_lib.METHODS)
    return choice.load(
        made.known(), scale, settings.choice_percent, list(cells)
    )

  if 'choose' not in plan.parts:
    chosen()  # A choice that is missing shall be known now, not after hours.
  places = places_of(settings, made.folder)
  made.run(_record_jobs(settings, places), 'recording', threads_setting=None)
  if 'choose' in plan.parts:
    candidates = candidate_jobs(settings, places)
    students = {job.folder: job.config for job in candidates}
    made.run(candidates, 'choosing')
    best = choice.finalists(students, settings.choice_finalists)
    candidates = candidate_jobs(settings, places, best)
    if candidates:
      made.run(candidates, 'choosing among the best')
    students |= {job.folder: job.config for job in candidates}
    made.collect(lambda folder: choice.collect(students, scale, folder))
  if 'train' in plan.parts:
    folders = made.run(final_jobs(settings, chosen(), places), 'training')
    made.collect(lambda folder: analysis.collect(folders, scale, folder))
    drawings.draw(made.rows, 'figure4', scale, made.figure('figure4.png'))
  return made


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


def places_of(settings: scales.Settings, folder: pathlib.Path) -> Places:
  """The folder of each game's runs: another teacher gets another one."""
  found = {}
  for game in settings.games:
    teacher = teachers.path(game, _teacher(settings, game)).read_bytes()
    digest = hashlib.sha256(teacher).hexdigest()
    found[game] = folder / f'{game}-{digest[:8]}'
  return found


def _teacher(settings: scales.Settings, game: str) -> str:
  """The --teacher of a game's runs."""
  if not settings.teachers:
    return ''
  folder = run_folder.resolve(settings.teachers)
  return str(folder / f'{game}{teacher_file.SUFFIX}')


def _record_jobs(settings: scales.Settings, places: Places) -> list[sweep.Job]:
  return [
      sweep.Job(
          record.__name__,
          record.Config(
              game=game,
              teacher=_teacher(settings, game),
              states=settings.states,
              parts=settings.recording_parts,
          ),
          place / _RECORDING,
      )
      for game, place in places.items()
  ]


def _student(
    settings: scales.Settings, places: Places, name: str, **own
) -> sweep.Job:
  """The run of one student, in a folder of some name."""
  place = places[own['game']]
  student = settings_lib.Config(
      teacher=_teacher(settings, own['game']),
      recording=str(place / _RECORDING / record.RECORDING),
      batch_size=settings.batch_size,
      tested_states=settings.tested_states,
      max_game_steps=settings.max_game_steps,
      **own,
  )
  return sweep.Job(
      distill.__name__, student, place / name, _WEIGHTS[student.method]
  )


def candidate_jobs(
    settings: scales.Settings,
    places: Places,
    finalists: Container[choice.Settings] | None = None,
) -> list[sweep.Job]:
  """The runs that learning rate and alpha are chosen by.

  Args:
    settings: the settings.
    places: see `places_of`.
    finalists: None for the first run of each candidate; or the settings of
      those whose further runs are wanted.
  """
  # Dearer runs first, so that none of them is left alone at the end.
  candidates = [
      *itertools.product(settings.sobolev_learning_rates, settings.alphas),
      *((rate, 0.0) for rate in settings.regular_learning_rates),
  ]
  percent = settings.choice_percent
  jobs = []
  seeds = range(choice.FIRST_SEED, choice.FIRST_SEED + settings.choice_seeds)
  for seed, game, (rate, alpha) in itertools.product(
      seeds[:1] if finalists is None else seeds[1:], settings.games, candidates
  ):
    method = settings_lib.METHODS[alpha > 0]
    if finalists is not None and (game, method, rate, alpha) not in finalists:
      continue
    name = f'candidate-{percent:g}-{method}-{rate:g}-{alpha:g}-{seed}'
    student = _student(
        settings, places, name,
        game=game,
        percent=percent,
        learning_rate=rate,
        alpha=alpha,
        steps=settings.choice_steps,
        seed=seed,
        evaluations=1,
        score_games=0,
    )
    jobs.append(dataclasses.replace(student, may_diverge=True))
  return jobs


def final_jobs(
    settings: scales.Settings,
    chosen: Mapping[choice.Cell, choice.Candidate],
    places: Places,
) -> list[sweep.Job]:
  """The runs that count, a seed of every cell first."""
  jobs = []
  for seed, percent, game, method in itertools.product(
      range(settings.seeds),
      settings.percents,
      settings.games,
      reversed(settings_lib.METHODS),
  ):
    best = chosen[game, method]
    jobs.append(
        _student(
            settings, places, f'{percent:g}-{method}-{seed}',
            game=game,
            percent=percent,
            learning_rate=best.learning_rate,
            alpha=best.alpha,
            steps=settings.steps,
            seed=seed,
            evaluations=settings.evaluations,
            score_games=settings.score_games,
        )
    )
  return jobs


if __name__ == '__main__':
  run_main(study.main(scales.Sweep, scales.Settings, 'runs/figure4', run))
