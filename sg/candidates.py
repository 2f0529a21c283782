# SPDX-License-Identifier: Apache-2.0
"""The settings that `choices` chooses from, and the rows that it leaves."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import pathlib
import statistics
from typing import Any

from experiment import errors
from experiment import run_folder
from report import finished
from report.rows import runs as runs_lib
from report.rows import synthetic_gradients as rows
from report.rows import table
from sg import analysis
from sg import presets
from sg.modules import methods

Candidate = rows.Candidate

# How many of a row's first fields say what is chosen from, how many what a
# candidate is, and how many what one run of it is.
_CONTEST = Candidate._fields.index('method') + 1
_SETTINGS = Candidate._fields.index('learning_rate') + 1
_RUN = Candidate._fields.index('seed') + 1

# As many for each method; `--learning_rates` adds others.
CANDIDATES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    name: method.candidates
    for name, method in methods.METHODS.items()
    if method.candidates
}


def offered(
    method: str, rates: Sequence[float], chosen: Candidate | None
) -> Sequence[Mapping[str, Any]]:
  """The changes of the settings to try.

  Args:
    method: of Table 1.
    rates: learning rates of the modules; without any, the method's candidates.
    chosen: so far; the rates are tried with the rest of it.

  Raises:
    UserError: nothing is chosen of a method with other settings to choose.
  """
  if not rates:
    return CANDIDATES[method]
  setting = methods.METHODS[method].learning_rate
  if chosen is None and any(c.keys() != {setting} for c in CANDIDATES[method]):
    raise errors.UserError(
        f'--learning_rates: {method} has no choice yet, whose other settings '
        'they are tried with: make it without --learning_rates, or name the '
        'folder that has one by --results'
    )
  rest = settings_of(chosen) if chosen else {}
  distinct = dict.fromkeys(float(table.text(rate)) for rate in rates)
  return [{**rest, setting: rate} for rate in distinct]


def collect(
    runs: Mapping[pathlib.Path, presets.Config],
    scale: str,
    output: pathlib.Path,
) -> None:
  """Merges the rows of finished or diverged runs, with what is chosen.

  Candidates that were collected before, and are not among the runs, still
  count.

  Raises:
    UserError: all candidates of a method diverged, or they have other seeds.
  """
  made_by, candidates = [], []
  for folder, settings in runs.items():
    run, evaluations = _read(folder)
    made_by.append(run)
    candidates += [
        Candidate(
            scale,
            settings.targets,
            analysis.case_of(settings.__dict__),
            settings.method,
            settings.module_distance,
            settings.gradient_weight,
            settings.adam_learning_rate,
            settings.seed,
            *evaluation,
            chosen=0,
            run=run.run,
        )
        for evaluation in evaluations
    ]
  contests = {one[:_CONTEST] for one in candidates}
  again = {_about(one) for one in candidates}

  def rows():
    before = [
        one
        for one in table.read(output, Candidate)
        if one[:_CONTEST] in contests and _about(one) not in again
    ]
    return [
        *runs_lib.distinct(made_by),
        *analysis.methods({one.method for one in [*candidates, *before]}),
        *marked([*candidates, *before]),
    ]

  table.merge(output, rows)


def _read(folder: pathlib.Path) -> tuple[Any, list[tuple[Any, ...]]]:
  """What made a run, and its steps, epochs, accuracies and losses."""
  if run_folder.diverged(folder):
    return finished.made_by(folder), [(0, 0.0, None, None)]
  found = finished.read(folder, 'epoch', 'validation_top1', 'train_loss')
  return found.run, [
      (
          int(row['step']), row['epoch'], row['validation_top1'],
          row['train_loss'],
      )
      for row in found.metrics
  ]


def _about(one: Candidate) -> tuple[str, ...]:
  """What a run is, as a file has it."""
  return tuple(map(table.text, one[:_RUN]))


def marked(candidates: Iterable[Candidate]) -> list[Candidate]:
  """Marks the best of each method: the mean at the end, over the seeds.

  Candidates of which a seed diverged are out. Of equal ones that with the lower
  learning rate is best, then with the lower weight.

  Raises:
    UserError: all of a method diverged, or some have other seeds than others.
  """
  candidates = list(candidates)
  ends: dict[tuple, dict[int, float | None]] = {}
  for one in sorted(candidates):
    ends.setdefault(one[:_SETTINGS], {})[one.seed] = one.validation_top1
  _require_same_seeds(ends)
  means = {
      settings: statistics.fmean(seeds.values())
      for settings, seeds in ends.items()
      if None not in seeds.values()
  }
  best: dict[str, tuple] = {}
  for settings in sorted(means, key=lambda s: (-means[s], s[::-1])):
    best.setdefault(settings[3], settings)  # By the method.
  missing = {one.method for one in candidates} - best.keys()
  if missing:
    raise errors.UserError(
        f'{min(missing)}: a seed of every candidate diverged: add smaller ones '
        'by --learning_rates'
    )
  return [
      one._replace(chosen=int(one[:_SETTINGS] == best[one.method]))
      for one in candidates
  ]


def _require_same_seeds(ends: Mapping[tuple, Mapping[int, Any]]) -> None:
  """Refuses means over different seeds."""
  first = {}
  for settings, found in ends.items():
    seeds = first.setdefault(settings[:_CONTEST], sorted(found))
    if seeds != sorted(found):
      method = settings[_CONTEST - 1]
      raise errors.UserError(
          f'--seeds: candidates of {method} have the seeds {seeds}, others '
          f'{sorted(found)}: run those that are missing'
      )


def load(
    path: pathlib.Path, targets: str, case: str, wanted: Iterable[str]
) -> dict[str, Candidate]:
  """The chosen candidates of a case and a rule of targets, by their methods.

  Raises:
    UserError: the file is damaged, has choices of several scales or several of
      a method, or none of a wanted one that has candidates.
  """
  if path.name != Candidate.FILE:
    raise errors.UserError(
        f'{path}: expected a file of this name: {Candidate.FILE}'
    )
  # Of each choice one row, such as its first seed's first evaluation.
  chosen = {
      one[:_SETTINGS]: one
      for one in table.read(path.parent, Candidate)
      if one.chosen and (one.targets, one.case) == (targets, case)
  }.values()
  scales = sorted({one.scale for one in chosen})
  if len(scales) > 1:
    raise errors.UserError(
        f'{path}: has choices of {len(scales)} scales, {", ".join(scales)}: '
        'leave the rows of one in a file of that name'
    )
  found = {one.method: one for one in chosen}
  if not found or len(found) < len(chosen):
    expected = 'one choice per method' if found else 'choices'
    raise errors.UserError(
        f'{path}: expected {expected} for {case} with --targets={targets}: '
        'make it with //sg:choices'
    )
  for method in wanted:
    if method in CANDIDATES and method not in found:
      raise errors.UserError(
          f'{path}: no choice for {method}: make it with //sg:choices '
          f'-- --methods={method}, or leave it out of --methods'
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
