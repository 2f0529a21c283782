# SPDX-License-Identifier: Apache-2.0
import csv
import json
import pathlib

from absl.testing import absltest

from experiment import errors
from report.rows import runs
from report.rows import table
from sg import candidates
from sg import presets


def config(**changes):
  return presets.Config(
      **{**presets.PRESETS['choices-cifar10'], 'method': 'sobolev', **changes}
  )


class CandidatesTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.output = self.folder / 'results'
    self.runs = {}

  def add(self, accuracies, seed=100, **changes):
    """Makes a run's folder; without accuracies, of one that diverged."""
    folder = pathlib.Path(self.create_tempdir().full_path)
    self.runs[folder] = config(seed=seed, **changes)
    described = {
        'settings': {},
        'command': f'python -m sg.train --seed={seed} --data=/here',
        'commit': '0123456789abcdef', 'dirty': False,
        'device': {'cores': 2, 'cpu': 'a CPU', 'gpus': []},
    }
    (folder / 'config.json').write_text(json.dumps(described))
    if not accuracies:
      (folder / 'diverged.json').write_text('{}')
      return
    (folder / 'finished.json').write_text('{}')
    with open(folder / 'metrics.csv', 'w', newline='') as file:
      writer = csv.writer(file)
      writer.writerow(
          ('step', 'seconds', 'epoch', 'validation_top1', 'train_loss')
      )
      for epoch, accuracy in enumerate(accuracies, 1):
        writer.writerow((10 * epoch, 5 * epoch, epoch, accuracy, 1.5))

  def test_every_method_has_as_many_candidates(self):
    counts = {len(made) for made in candidates.CANDIDATES.values()}
    self.assertEqual(counts, {5})

  def test_the_best_mean_at_the_end_of_those_that_never_diverged(self):
    # The best accuracy on the way, the best seed, and the best mean of all,
    # of which a seed diverged: none of these decides.
    self.add([90, 50])
    self.add([90, 52], 101)
    self.add([10, 70], distance='l2')
    self.add([10, 60], 101, distance='l2')
    self.add([10, 80], gradient_weight=0.1)
    self.add([10, 30], 101, gradient_weight=0.1)
    self.add([10, 95], gradient_weight=0.01)
    self.add([], 101, gradient_weight=0.01)
    candidates.collect(self.runs, 'choices', self.output)
    rows = table.read(self.output, candidates.Candidate)
    found = {(row.distance, row.gradient_weight) for row in rows}
    self.assertLen(found, 4)
    best = [row for row in rows if row.chosen]
    self.assertEqual(
        [row[4:] for row in best[::2]],
        [
            ('l2', 1.0, 3e-4, seed, 10, 1.0, 10.0, 1.5, 1, run.run)
            for seed, run in zip(
                (100, 101), self._runs((100, 101)), strict=True
            )
        ],
    )
    self.assertEqual([row.validation_top1 for row in best], [10, 70, 10, 60])
    lost = [row for row in rows if row.gradient_weight == 0.01]
    self.assertEqual(
        [(row.seed, row.epoch, row.validation_top1) for row in lost],
        [(100, 1.0, 10.0), (100, 2.0, 95.0), (101, 0.0, None)],
    )

  def test_candidates_that_were_collected_before_still_count(self):
    self.add([50], module_learning_rate=3e-4)
    self.add([50], 101, module_learning_rate=3e-4)
    self.add([60], method='vfbn')
    candidates.collect(self.runs, 'choices', self.output)

    def chosen():
      return {
          (row.method, row.learning_rate)
          for row in table.read(self.output, candidates.Candidate)
          if row.chosen
      }

    self.runs = {}
    self.add([40], module_learning_rate=1e-4)
    self.add([40], 101, module_learning_rate=1e-4)
    candidates.collect(self.runs, 'choices', self.output)
    self.assertEqual(chosen(), {('sobolev', 3e-4), ('vfbn', 3e-4)})
    self.runs = {}
    self.add([70], module_learning_rate=3e-5)
    self.add([41], 101, module_learning_rate=3e-5)
    candidates.collect(self.runs, 'choices', self.output)
    self.assertEqual(chosen(), {('sobolev', 3e-5), ('vfbn', 3e-4)})
    self.assertLen(table.read(self.output, candidates.Candidate), 7)
    # The same once more replaces.
    candidates.collect(self.runs, 'choices', self.output)
    self.assertLen(table.read(self.output, candidates.Candidate), 7)

  def test_of_equal_ones_the_lower_learning_rate(self):
    self.add([50], module_learning_rate=1e-3, distance='huber')
    self.add([50], module_learning_rate=1e-4)
    candidates.collect(self.runs, 'choices', self.output)
    rows = table.read(self.output, candidates.Candidate)
    self.assertEqual([r.learning_rate for r in rows if r.chosen], [1e-4])

  def test_means_over_other_seeds_are_not_compared(self):
    self.add([60], module_learning_rate=3e-4)
    self.add([61], 101, module_learning_rate=3e-4)
    candidates.collect(self.runs, 'choices', self.output)
    self.runs = {}
    self.add([61], module_learning_rate=1e-4)
    with self.assertRaisesRegex(
        errors.UserError, r'^--seeds: .* \[100\], others \[100, 101\]: run'
    ):
      candidates.collect(self.runs, 'choices', self.output)
    # A run of some seed leaves those of the others.
    self.runs = {}
    self.add([62], 101, module_learning_rate=3e-4)
    candidates.collect(self.runs, 'choices', self.output)
    rows = table.read(self.output, candidates.Candidate)
    self.assertEqual([row.validation_top1 for row in rows], [60, 62])

  def test_rates_need_a_choice_of_the_rest(self):
    with self.assertRaisesRegex(
        errors.UserError, '^--learning_rates: sobolev has no choice yet'
    ):
      candidates.offered('sobolev', (1e-4,), None)
    self.assertEqual(
        candidates.offered('critic', (1e-4, 1.0000001e-4), None),
        [{'module_learning_rate': 1e-4}],
    )

  def _runs(self, seeds):
    """The runs that were merged, by their seeds."""
    found = {r.command: r for r in table.read(self.output, runs.Run)}
    self.assertEqual(
        found['python -m sg.train --seed=100'][2:],
        ('0123456789ab', '2 cores of a CPU', '', 10.0),
    )
    return [found[f'python -m sg.train --seed={seed}'] for seed in seeds]

  def test_when_all_of_a_method_diverged(self):
    self.add([])
    with self.assertRaisesRegex(errors.UserError, '^sobolev: .* diverged'):
      candidates.collect(self.runs, 'choices', self.output)

  def test_what_was_chosen_is_loaded_for_its_targets_and_case(self):
    self.add([50], module_learning_rate=1e-3, gradient_weight=0.1)
    self.add([60], method='direct_sg', direct_sg_learning_rate=1e-2)
    self.add([40], method='critic', targets='received')
    candidates.collect(self.runs, 'choices', self.output)
    path = self.output / candidates.Candidate.FILE
    found = {
        method: candidates.settings_of(one)
        for method, one in candidates.load(
            path, 'true', 'cifar10/3', ['sobolev', 'noprop']
        ).items()
    }
    self.assertEqual(
        found,
        {
            'sobolev': {
                'distance': 'l1', 'gradient_weight': 0.1,
                'module_learning_rate': 1e-3,
            },
            'direct_sg': {
                'direct_sg_distance': 'squared_l2', 'gradient_weight': 1.0,
                'direct_sg_learning_rate': 1e-2,
            },
        },
    )
    with self.assertRaisesRegex(
        errors.UserError, 'choices for imagenet/1 with --targets=true: '
    ):
      candidates.load(path, 'true', 'imagenet/1', [])
    with self.assertRaisesRegex(errors.UserError, 'no choice for vfbn: make '):
      candidates.load(path, 'true', 'cifar10/3', ['sobolev', 'vfbn'])
    with self.assertRaisesRegex(errors.UserError, 'mine.csv: expected a file'):
      candidates.load(self.output / 'mine.csv', 'true', 'cifar10/3', [])
    candidates.collect(self.runs, 'choices epochs=2', self.output)
    with self.assertRaisesRegex(
        errors.UserError, 'has choices of 2 scales, choices, choices epochs=2: '
    ):
      candidates.load(path, 'true', 'cifar10/3', [])


if __name__ == '__main__':
  absltest.main()
