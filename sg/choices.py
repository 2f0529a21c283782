# SPDX-License-Identifier: Apache-2.0
"""Chooses the modules' settings for Table 1 on held-out training images.

    ./bazelw run //sg:choices -- --targets=true

Within a rule of targets, each method begins with as many candidates. The one
with the best mean validation accuracy at the last evaluation is chosen;
candidates of which a seed diverged are out. Where that is at an edge, further
learning rates are added to the candidates before:

    ./bazelw run //sg:choices -- --targets=true --learning_rates=1e-5

The test set is not read. Every run is resumable, and so is the sweep: the same
command goes on.
"""

from experiment.startup import run_main

from collections.abc import Mapping
import dataclasses
import pathlib

from experiment import config
from experiment import errors
from experiment import study
from experiment import sweep
from report.rows import table
from sg import analysis
from sg import candidates
from sg import presets
from sg import train
from sg.modules import methods


@dataclasses.dataclass(frozen=True)
class Sweep(study.Plan):
  """What to run."""

  preset: str = config.setting(
      'choices-cifar10',
      'What all candidates share. Flags given beside it override its '
      f'settings. {config.describe(presets.PRESETS)}.',
      choices=tuple(presets.PRESETS),
  )
  methods: tuple[str, ...] = config.setting(
      tuple(candidates.CANDIDATES), 'Which methods.',
      choices=tuple(candidates.CANDIDATES), distinct=True,
  )
  learning_rates: tuple[float, ...] = config.setting(
      (),
      "Learning rates of the modules to try, the rest being as chosen so far; "
      "by default each method's candidates.",
      above=0,
  )
  seeds: tuple[int, ...] = config.setting(
      (100, 101), 'Seeds that no row of Table 1 has.', distinct=True, minimum=0
  )


def run(
    plan: Sweep,
    given: Mapping[str, object],
    output: pathlib.Path,
    rows: pathlib.Path | None = None,
) -> study.Study:
  """Runs the candidates, and writes their rows.

  The arguments are those of `study.main`'s `run`, and `rows` the folder of the
  rows; by default one for both rules of targets.

  Raises:
    UserError: no images are held out, `learning_rates` have no choice to go on
      from, or runs failed.
  """
  settings = presets.preset(plan.preset, given)
  if not settings.validation:
    raise errors.UserError(
        '--validation=0: expected how many training images to choose by'
    )
  scale = presets.label(plan.preset, settings, 'targets')
  made = study.Study(
      'Table 1', scale, plan, output, rows, name=f'{plan.preset} {scale}'
  )
  case = analysis.case_of(settings.__dict__)
  chosen = {
      one.method: one
      for one in table.read(made.known(), candidates.Candidate)
      if one.chosen
      and (one.scale, one.targets, one.case) == (scale, settings.targets, case)
  }
  jobs = _jobs(settings, plan, chosen, made.folder / settings.targets)
  made.run(jobs, f'choosing with {settings.targets} targets')
  runs = {job.folder: job.config for job in jobs}
  made.collect(lambda folder: candidates.collect(runs, scale, folder))
  return made


def _jobs(
    settings: presets.Settings,
    plan: Sweep,
    chosen: Mapping[str, candidates.Candidate],
    folder: pathlib.Path,
) -> list[sweep.Job]:
  """A seed of every candidate first."""
  jobs = []
  for seed in plan.seeds:
    for method in plan.methods:
      for changes in candidates.offered(
          method, plan.learning_rates, chosen.get(method)
      ):
        one = presets.Config(
            **{**dataclasses.asdict(settings), **changes},
            method=method,
            seed=seed,
        )
        name = (
            f'{method}-{one.module_distance}-{one.gradient_weight:g}-'
            f'{one.adam_learning_rate:g}-{seed}'
        )
        jobs.append(
            sweep.Job(
                train.__name__,
                one,
                folder / name,
                methods.METHODS[method].cost,
                may_diverge=True,
            )
        )
  return jobs


if __name__ == '__main__':
  run_main(study.main(Sweep, presets.Settings, 'runs/table1', run))
