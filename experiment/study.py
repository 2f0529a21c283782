# SPDX-License-Identifier: Apache-2.0
"""Programs that make runs at a scale, and rows and figures of them.

    def run(plan, given, output, rows=None):
      study = studies.Study('Figure 2', 'laptop steps=9', plan, output, rows)
      study.run(jobs)
      study.collect(lambda folder: write_rows([job.folder ...], folder))
      draw(study.rows, study.figure('figure2.png'))
      return study

    if __name__ == '__main__':
      run_main(study.main(Plan, Settings, 'runs/figure2', run))

The rows stay in the study's own folder. Only `--results` puts them into another
one as well, such as that of the committed results.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import pathlib
from typing import Any

from absl import flags

from experiment import config
from experiment import errors
from experiment import reading
from experiment import run_folder
from experiment import scheduler
from experiment import sweep

# What this module defines belongs to the program, so that --help shows it.
flags.disclaim_key_flags()

SMOKE = 'smoke'  # The scale that only shows that all parts work.


@dataclasses.dataclass(frozen=True)
class Rows:
  """Where rows go; the settings of all studies."""

  results: str = config.setting(
      '',
      'The folder of CSV files, such as results, that the rows are merged into '
      "as well; by default they stay in the output's folder only.",
      affects_result=False,
  )


@dataclasses.dataclass(frozen=True)
class Plan(Rows, scheduler.Settings):
  """How the runs are started; the settings of studies with a sweep."""

  jobs: int = config.setting(
      0,
      'Runs at a time on this machine; 0 for one per core.',
      minimum=0,
      affects_result=False,
  )


def _is_smoke(scale: str) -> bool:
  return scale.split()[:1] == [SMOKE]


def _has_other_scales(folder: pathlib.Path) -> bool:
  return any(
      not _is_smoke(cells['scale'])
      for path in folder.glob('*.csv')
      for _, cells in reading.read_csv(path)
      if 'scale' in cells
  )


class Study:
  """Runs of one label, their rows and their figures.

  Attributes:
    folder: where the runs and the figures are.
    rows: the folder of its CSV files.
    figures: the figures so far.
  """

  def __init__(
      self,
      title: str,
      label: str,
      plan: Rows,
      output: pathlib.Path,
      rows: pathlib.Path | None = None,
      name: str = '',
  ):
    """Makes the folders: a mistake shows before the work.

    Args:
      title: what is made, such as `Figure 2`.
      label: the scale's name and what differs from it, as `config.label` gives.
      plan: the settings.
      output: the folder of all studies of the program.
      rows: the folder of the CSV files; by default in the study's own.
      name: of the study's folder; by default the label.

    Raises:
      UserError: rows of a smoke test are to be merged with others, or a
        folder cannot be made.
    """
    self._merged = run_folder.make(plan.results) if plan.results else None
    if self._merged and _is_smoke(label) and _has_other_scales(self._merged):
      raise errors.UserError(
          f'--results={plan.results}: has rows of other scales, and those of '
          f'{SMOKE} only show that the program works: name another folder, or '
          'leave --results out'
      )
    self._title = title
    self._plan = plan
    self.folder = run_folder.make(output / (name or label).replace(' ', '-'))
    self.rows = run_folder.make(rows or self.folder / 'results')
    self.figures: list[pathlib.Path] = []

  def run(
      self,
      jobs: Sequence[sweep.Job],
      stage: str = '',
      threads_setting: str | None = 'threads',
  ) -> list[pathlib.Path]:
    """Makes the runs that are not finished; returns the folders of all.

    Args:
      jobs: the runs.
      stage: what they are for, where a study has several sweeps.
      threads_setting: as for `sweep.run`.
    """
    sweep.run(
        jobs,
        self._plan.jobs or None,
        threads_setting,
        description=', '.join(filter(None, [self._title, stage])),
        where=self._plan,
    )
    return [job.folder for job in jobs]

  def collect(self, write: Callable[[pathlib.Path], object]) -> None:
    """Has the rows written.

    Args:
      write: merges them into the files of a folder, if all of them are valid.
    """
    write(self.rows)
    if self._merged:
      write(self._merged)

  def known(self) -> pathlib.Path:
    """The folder with the rows of earlier studies: --results, or its own."""
    return self._merged or self.rows

  def figure(self, name: str) -> pathlib.Path:
    """Takes note of a figure, and returns its path."""
    self.figures.append(self.folder / name)
    return self.figures[-1]

  def __str__(self) -> str:
    merged = f', merged into {self._merged}' if self._merged else ''
    figures = [f'Figure: {path}' for path in self.figures]
    return '\n'.join([f'Rows: {self.rows}{merged}', *figures])


def main(
    plan_class: type[Rows],
    settings_class: type,
    output: str,
    run: Callable[[Any, Mapping[str, Any], pathlib.Path], Study],
) -> Callable[[list[str]], None]:
  """Defines the flags of a study's program, for `run_main`.

  Args:
    plan_class: what to run, and the settings above.
    settings_class: the settings of a run, which a scale has values for.
    output: the default of --output.
    run: `run(plan, given, output)`; `given` are the settings of the command
      line, which replace the scale's.

  Returns:
    The program, which prints where the rows and figures are.
  """

  def program(_):
    plan = config.from_flags(plan_class)
    folder = run_folder.resolve(flags.FLAGS.output)
    print(run(plan, config.given(settings_class), folder))

  config.define_flags(plan_class)
  config.define_flags(settings_class)
  flags.DEFINE_string('output', output, 'The folder of the runs.')
  return program
