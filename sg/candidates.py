# SPDX-License-Identifier: Apache-2.0
"""The settings that `choices` chooses from, and the rows that it leaves.

    table1_choices.csv         a row per candidate
    table1_choice_curves.csv   a row per run of one and evaluation
"""

from collections.abc import Mapping
from collections.abc import Sequence
import pathlib
from typing import Any

from experiment import errors
from experiment import finished_runs
from experiment import run_folder
from experiment import tables
from report import table1_rows
from sg import analysis
from sg import presets
from sg.modules import methods

Candidate = table1_rows.Choice

# As many for each method.
CANDIDATES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    name: method.candidates
    for name, method in methods.METHODS.items()
    if method.candidates
}

# Columns that say what a row of a candidate is about, up to the learning rate;
# and of these the method, whose candidates are compared.
_KEYS, _CELL = 7, 4
_ACCURACY = 'validation_top1'


def collect(
    runs: Mapping[pathlib.Path, presets.Config],
    scale: str,
    output: pathlib.Path,
) -> None:
  """Writes the rows of finished or diverged runs.

  Args:
    runs: the settings by the runs' folders.
    scale: the scale to file them under.
    output: the folder of the CSV files.

  Raises:
    UserError: all candidates of a method diverged.
  """
  groups: dict[tuple, list[pathlib.Path]] = {}
  curves = []
  for folder, settings in runs.items():
    about = _about(scale, settings)
    groups.setdefault(tuple(about.items()), []).append(folder)
    if not run_folder.diverged(folder):
      curves += _curve(folder, settings, about)
  found = mark([_candidate(dict(k), folders) for k, folders in groups.items()])
  tables.merge(
      output / table1_rows.CHOICES,
      [candidate._asdict() for candidate in found],
      _KEYS,
      _CELL,
  )
  tables.merge(
      output / table1_rows.CHOICE_CURVES, curves, _KEYS + 2, _CELL
  )


def _about(scale: str, settings: presets.Config) -> dict[str, Any]:
  return {
      'scale': scale,
      'targets': settings.targets,
      'case': analysis.case_of(settings.__dict__),
      'method': settings.method,
      'distance': settings.module_distance,
      'gradient_weight': settings.gradient_weight,
      'learning_rate': settings.adam_learning_rate,
  }


def _curve(
    folder: pathlib.Path, settings: presets.Config, about: Mapping[str, Any]
) -> list[dict[str, Any]]:
  return [
      {
          **about,
          'seed': settings.seed,
          'step': int(row['step']),
          'epoch': f'{row["epoch"]:.4g}',
          'top1': f'{row[_ACCURACY]:.2f}',
          'train_loss': f'{row["train_loss"]:.4f}',
      }
      for row in _read(folder)[1]
  ]


def _read(folder: pathlib.Path) -> tuple[finished_runs.Run, Any]:
  return finished_runs.read(folder, 'epoch', _ACCURACY, 'train_loss')


def _candidate(
    about: Mapping[str, Any], folders: Sequence[pathlib.Path]
) -> Candidate:
  """The row of a candidate, not yet chosen."""
  ended = [
      _read(folder) for folder in folders if not run_folder.diverged(folder)
  ]
  values = [metrics[-1][_ACCURACY] for _, metrics in ended]
  mean, std = finished_runs.mean_and_std(values)
  return Candidate(
      **about,
      mean=mean,
      std=std,
      n=len(values),
      diverged=len(folders) - len(values),
      chosen=0,
      **finished_runs.provenance(run_folder.read_config(folders[0])),
      seconds=round(sum(metrics[-1]['seconds'] for _, metrics in ended), 1),
  )


def mark(candidates: list[Candidate]) -> list[Candidate]:
  """Marks the best of each method; no seed of it diverged.

  Raises:
    UserError: all of a method diverged.
  """
  best: dict[str, Candidate] = {}
  for one in candidates:
    if not one.diverged and (
        one.method not in best or one.mean > best[one.method].mean
    ):
      best[one.method] = one
  missing = {one.method for one in candidates} - best.keys()
  if missing:
    raise errors.UserError(
        f'{min(missing)}: a seed of every candidate diverged: add candidates '
        'with a smaller learning rate'
    )
  return [
      one._replace(chosen=int(one is best[one.method])) for one in candidates
  ]


def load(path: pathlib.Path, targets: str, case: str) -> dict[str, Candidate]:
  """The chosen candidates of a rule of targets, by their methods.

  Args:
    path: the file.
    targets: what the modules learned.
    case: such as `cifar10/3`.

  Raises:
    UserError: the file is broken, or has no or several choices of a method.
  """
  chosen = [
      one
      for one in table1_rows.read_choices(path)
      if one.chosen and (one.targets, one.case) == (targets, case)
  ]
  found = {one.method: one for one in chosen}
  if not found or len(found) < len(chosen):
    expected = 'one choice per method' if found else 'choices'
    raise errors.UserError(
        f'{path}: expected {expected} for {case} with --targets={targets}: '
        'make it with //sg:choices'
    )
  return found


def settings_of(chosen: Candidate) -> dict[str, Any]:
  """The settings of `presets.Settings` that a candidate stands for."""
  method = methods.METHODS[chosen.method]
  return {
      'gradient_weight': chosen.gradient_weight,
      method.distance: chosen.distance,
      method.learning_rate: chosen.learning_rate,
  }
