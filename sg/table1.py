"""Table 1: all methods and seeds of a row, its rows and figures.

    ./bazelw run //sg:table1 -- --preset=laptop-cifar10

Every run is resumable, and so is the sweep: the same command goes on.
"""

from experiment.startup import run_main

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import pathlib

from absl import flags

from experiment import config
from experiment import run_folder
from experiment import sweep
from report import table1_figures
from sg import analysis
from sg import presets
from sg import train
from sg.data import datasets
from sg.modules import methods

# A step's cost, as measured; only for the time left.
_WEIGHTS = {
    'backprop': 1.0, 'noprop': 0.4, 'direct_sg': 2.4, 'direct_sg_plain': 2.4,
    'vfbn': 1.9, 'critic': 1.4, 'sobolev': 1.9,
}

_WITHOUT_SIGNAL = {'backprop', 'noprop'}  # No synthetic gradient to compare.


@dataclasses.dataclass(frozen=True)
class Sweep:
  """What to run."""

  preset: str = config.setting(
      'laptop-cifar10',
      'The row, and how much of it. Flags given beside it go before its own '
      'settings.',
      choices=tuple(presets.PRESETS),
  )
  methods: tuple[str, ...] = config.setting(
      methods.METHODS, 'Which methods.', choices=methods.METHODS,
      distinct=True,
  )
  seeds: int = config.setting(3, 'Runs a method.', minimum=1)
  results: str = config.setting(
      'results', 'The folder of the CSV files that the rows are merged into.'
  )
  jobs: int = config.setting(
      0, 'Runs at a time; 0 for one a core.', minimum=0, affects_result=False
  )


def check_data(preset: str) -> None:
  """Raises UserError when there is no data for a preset, or it is broken."""
  settings = presets.preset(preset, {})
  datasets.open_dataset(settings.dataset, settings.data, settings.image_size)


def run(
    plan: Sweep, given: Mapping[str, object], output: pathlib.Path
) -> list[pathlib.Path]:
  """Runs the sweep, merges its rows and draws its figures.

  Args:
    plan: what to run.
    given: settings in place of the preset's.
    output: the folder of the runs.

  Returns:
    The figures.
  """
  results = run_folder.make(plan.results)
  settings = presets.preset(plan.preset, given)
  # The precision that is fast here makes it no other scale; the rows tell it.
  standard = presets.preset(plan.preset, {'precision': settings.precision})
  scale = config.label(plan.preset.split('-')[0], settings, standard)
  folder = output / f'{plan.preset} {scale}'.replace(' ', '-')
  folders = run_sweep(settings, plan, folder)
  analysis.collect(folders, scale, results)
  pictures = [folder / 'table1_curves.png']
  table1_figures.draw_curves(results, scale, pictures[0])
  signals = settings.cuts and set(plan.methods) - _WITHOUT_SIGNAL
  if settings.aligned and signals:
    pictures.append(folder / 'table1_alignment.png')
    table1_figures.draw_alignment(results, scale, pictures[1])
  return pictures


def run_sweep(
    settings: presets.Settings, plan: Sweep, folder: pathlib.Path
) -> Sequence[pathlib.Path]:
  """Trains what is not yet trained; returns the folders of the runs."""
  shared = {
      field.name: getattr(settings, field.name)
      for field in dataclasses.fields(settings)
  }
  # A seed of every method first: an early stop leaves a whole table.
  jobs = [
      sweep.Job(
          train.__name__,
          presets.Config(**shared, method=method, seed=seed),
          folder / f'{method}-{seed}',
          weight=_WEIGHTS[method],
      )
      for seed in range(plan.seeds)
      for method in sorted(plan.methods, key=_WEIGHTS.get, reverse=True)
  ]
  sweep.run(jobs, plan.jobs or None, threads_setting='threads')
  return [job.folder for job in jobs]


def main(_):
  plan = config.from_flags(Sweep)
  output = run_folder.resolve(flags.FLAGS.output)
  pictures = run(plan, config.given(presets.Settings), output)
  print(f'Rows: {run_folder.resolve(plan.results)}')
  print('Figures:', *pictures)


if __name__ == '__main__':
  config.define_flags(Sweep)
  config.define_flags(presets.Settings)
  flags.DEFINE_string('output', 'runs/table1', 'The folder of the runs.')
  run_main(main)
