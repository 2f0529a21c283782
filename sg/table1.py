# SPDX-License-Identifier: Apache-2.0
"""Table 1: all methods and seeds of a row, its rows and figures.

    ./bazelw run //sg:table1 -- --preset=laptop-cifar10

Every run is resumable, and so is the sweep: the same command goes on.
"""

from experiment.startup import run_main

from collections.abc import Mapping
import dataclasses
import pathlib

from experiment import config
from experiment import errors
from experiment import run_folder
from experiment import study
from experiment import sweep
from report import drawings
from report.rows import synthetic_gradients as rows_lib
from report.rows import table
from sg import analysis
from sg import candidates
from sg import presets
from sg import train
from sg.data import datasets
from sg.modules import methods


@dataclasses.dataclass(frozen=True)
class Sweep(study.Plan):
  """What to run."""

  preset: str = config.setting(
      'laptop-cifar10',
      'The row, and how much of it. Flags given beside it override its '
      f'settings. {config.describe(presets.PRESETS)}.',
      choices=tuple(presets.PRESETS),
  )
  methods: tuple[str, ...] = config.setting(
      tuple(methods.METHODS), 'Which methods.',
      choices=tuple(methods.METHODS), distinct=True,
  )
  seeds: int = config.setting(3, 'Runs per method.', minimum=1)
  choices: str = config.setting(
      '',
      "The file with the methods' settings that //sg:choices chose, such as "
      "results/table1_choices.csv; by default all have the preset's.",
  )
  choices_case: str = config.setting(
      '', "Which case of --choices to take; by default the preset's own."
  )


def check_data(preset: str) -> None:
  """Raises UserError when there is no data for a preset, or it is broken."""
  settings = presets.preset(preset, {})
  datasets.open_dataset(settings.dataset, settings.data, settings.image_size)


def run(
    plan: Sweep,
    given: Mapping[str, object],
    output: pathlib.Path,
    rows: pathlib.Path | None = None,
) -> study.Study:
  """Runs the sweep, writes its rows and draws its figures.

  The arguments are those of `study.main`'s `run`, and `rows` the folder of the
  rows; by default the sweep's own.
  """
  settings = presets.preset(plan.preset, given)
  if settings.validation:
    raise errors.UserError(
        f'--validation={settings.validation}: expected 0, as the rows of Table '
        '1 are of the test set; //sg:choices holds images out'
    )
  scale, chosen = presets.label(plan.preset, settings), {}
  if plan.choices:
    scale += ' chosen'
    case = plan.choices_case or analysis.case_of(dataclasses.asdict(settings))
    path = run_folder.resolve(plan.choices)
    chosen = candidates.load(path, settings.targets, case, plan.methods)
    for method in plan.methods:
      own = candidates.settings_of(chosen[method]) if method in chosen else {}
      if clash := given.keys() & own.keys():
        raise errors.UserError(
            f'--{min(clash)}: --choices has it for {method}: leave one of the '
            'two out'
        )
  made = study.Study(
      'Table 1', scale, plan, output, rows, name=f'{plan.preset} {scale}'
  )
  folders = made.run(_jobs(settings, chosen, plan, made.folder))
  made.collect(lambda folder: analysis.collect(folders, scale, folder))
  aligned = table.read(made.rows, rows_lib.Alignment)
  figures = ['table1_curves']
  if any(row.scale == scale for row in aligned):
    figures.append('table1_alignment')
  for name in figures:
    drawings.draw(made.rows, name, scale, made.figure(f'{name}.png'))
  return made


def _jobs(
    settings: presets.Settings,
    chosen: Mapping[str, candidates.Candidate],
    plan: Sweep,
    folder: pathlib.Path,
) -> list[sweep.Job]:
  """A seed of every method first: an early stop leaves a whole table."""
  shared = dataclasses.asdict(settings)
  own = {
      method: candidates.settings_of(one) for method, one in chosen.items()
  }
  return [
      sweep.Job(
          train.__name__,
          presets.Config(
              **{**shared, **own.get(method, {})}, method=method, seed=seed
          ),
          folder / f'{method}-{seed}',
          weight=methods.METHODS[method].cost,
      )
      for seed in range(plan.seeds)
      for method in sorted(
          plan.methods, key=lambda name: -methods.METHODS[name].cost
      )
  ]


if __name__ == '__main__':
  run_main(study.main(Sweep, presets.Settings, 'runs/table1', run))
