# SPDX-License-Identifier: Apache-2.0
import json
import pathlib

from absl.testing import absltest

from agents.distillation import choice
from agents.distillation import settings as settings_lib
from experiment import errors
from report.rows import runs
from report.rows import table

CONFIG = {
    'settings': {},
    'command': 'a --recording=/b --seed=5',
    'commit': 'c' * 40,
    'dirty': False,
    'device': {'cores': 2, 'cpu': 'x', 'gpus': []},
}


def _candidate(game, method, rate, alpha, seed, kl):
  return choice.Candidate(
      'laptop', game, 10.0, method, rate, alpha, seed, kl, 7.0
  )


CANDIDATES = [
    _candidate('pong', 'regular', 1e-3, 0.0, 5, 0.5),
    _candidate('pong', 'regular', 1e-4, 0.0, 5, 0.4),
    _candidate('pong', 'sobolev', 1e-3, 1.0, 5, 0.1),
    _candidate('pong', 'sobolev', 1e-3, 1.0, 6, 0.7),
    _candidate('pong', 'sobolev', 1e-3, 10.0, 5, 0.35),
    _candidate('pong', 'sobolev', 1e-3, 10.0, 6, 0.25),
    _candidate('breakout', 'regular', 1e-3, 0.0, 5, 0.1),
]


def _chosen(candidates):
  marked = choice.marked(candidates)
  return [a for a, b in zip(candidates, marked, strict=True) if b.chosen]


class ChoiceTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_the_closest_of_each_cell_in_the_mean_over_seeds(self):
    # The best student of all has settings with which another one is worse.
    self.assertEqual(
        _chosen(CANDIDATES), [CANDIDATES[k] for k in (1, 4, 5, 6)]
    )

  def test_of_equal_ones_the_lower_rate_then_the_lower_alpha(self):
    equal = [
        _candidate('pong', 'sobolev', rate, alpha, 5, 0.5)
        for rate, alpha in ((1e-3, 1.0), (3e-4, 10.0), (3e-4, 1.0))
    ]
    self.assertEqual(_chosen(equal), equal[2:])

  def test_candidates_of_which_a_student_collapsed_are_out(self):
    alive = [_candidate('pong', 'sobolev', 1e-4, 1.0, s, 6.0) for s in (5, 6)]
    # A better mean; but 6.4 is above 0.9 * 7, what no look at the state gives.
    died = [
        _candidate('pong', 'sobolev', 1e-3, 1.0, seed, kl)
        for seed, kl in ((5, 0.1), (6, 6.4))
    ]
    self.assertEqual(_chosen([*died, *alive]), alive)
    # Where no other is left, the best of them.
    worse = [_candidate('pong', 'sobolev', 1e-4, 1.0, s, 6.9) for s in (5, 6)]
    self.assertEqual(_chosen([*died, *worse]), died)

  def test_candidates_of_which_a_student_diverged_are_out(self):
    died = [
        _candidate('pong', 'sobolev', 1e-2, 1.0, seed, kl)
        for seed, kl in ((5, 0.1), (6, None))
    ]
    # Not even one that collapsed is worse.
    worse = [_candidate('pong', 'sobolev', 1e-4, 1.0, s, 6.9) for s in (5, 6)]
    self.assertEqual(_chosen([*died, *worse]), worse)
    with self.assertRaisesRegex(
        errors.UserError, '^pong, sobolev: .* --sobolev_learning_rates'
    ):
      choice.marked(died)

  def test_finalists_are_chosen_from(self):
    # A first student by chance better than all finalists of two.
    best = _candidate('pong', 'sobolev', 3e-3, 1.0, 5, 0.01)
    self.assertEqual(_chosen([*CANDIDATES[2:6], best]), CANDIDATES[4:6])

  def test_finalists(self):
    runs_ = {
        self._run(f'{alpha}', kl): settings_lib.Config(
            game='pong', alpha=alpha, learning_rate=1e-3, seed=5
        )
        for alpha, kl in ((10.0, 0.4), (1.0, 0.2), (0.1, 6.5), (0.0, 0.3))
    }
    pong = [('pong', 'sobolev', 1e-3, alpha) for alpha in (1.0, 10.0, 0.1)]
    regular = ('pong', 'regular', 1e-3, 0.0)
    for count in (1, 2, 9):  # One that collapsed is the last.
      self.assertEqual(
          choice.finalists(runs_, count), {regular, *pong[:count]}
      )

  def test_old_rows_do_not_say_what_collapses(self):
    old = [c._replace(constant_kl=None) for c in CANDIDATES]
    self.assertLen(_chosen(old), 4)

  def _run(self, name, validation_kl):
    folder = self.folder / name
    folder.mkdir()
    (folder / 'config.json').write_text(json.dumps(CONFIG))
    (folder / 'metrics.csv').write_text(
        'step,seconds,validation_kl,constant_kl\n'
        f'1,1,9,7\n2,3,{validation_kl},7\n'
    )
    return folder

  def test_rows_of_finished_runs(self):
    runs_ = {
        self._run(name, kl): settings_lib.Config(
            game='pong', percent=10.0, alpha=alpha, learning_rate=1e-3, seed=5
        )
        for name, kl, alpha in (('a', 0.5, 1.0), ('b', 0.25, 10.0))
    }
    results = self.folder / 'results'
    choice.collect(runs_, 'laptop', results)
    rows = table.read(results, choice.Candidate)
    (run,) = table.read(results, runs.Run)
    self.assertEqual(
        [row[1:] for row in rows],
        [
            ('pong', 10.0, 'sobolev', 1e-3, 1.0, 5, 0.5, 7.0, 0, run.run),
            ('pong', 10.0, 'sobolev', 1e-3, 10.0, 5, 0.25, 7.0, 1, run.run),
        ],
    )
    self.assertEqual((run.command, run.seconds), ('a --seed=5', 3.0))

  def test_rows_of_diverged_runs(self):
    runs_ = {
        self._run(name, 0.5): settings_lib.Config(
            game='pong', percent=10.0, alpha=1.0, learning_rate=rate, seed=5
        )
        for name, rate in (('a', 1e-3), ('b', 1e-2))
    }
    (self.folder / 'b' / 'diverged.json').write_text('{"step": 1}')
    results = self.folder / 'results'
    choice.collect(runs_, 'laptop', results)
    rows = table.read(results, choice.Candidate)
    self.assertEqual(
        [(row.learning_rate, row.validation_kl, row.chosen) for row in rows],
        [(1e-3, 0.5, 1), (1e-2, None, 0)],
    )

  def test_another_grid_replaces_a_game_s_rows_at_any_percentage(self):
    table.merge(self.folder, CANDIDATES)
    again = CANDIDATES[0]._replace(learning_rate=3e-3, percent=20.0)
    table.merge(self.folder, [again])
    self.assertEqual(
        table.read(self.folder, choice.Candidate), [CANDIDATES[-1], again]
    )

  def test_what_was_chosen_is_loaded(self):
    table.merge(self.folder, choice.marked(CANDIDATES))
    cells = [('pong', 'sobolev'), ('breakout', 'regular')]
    found = choice.load(self.folder, 'laptop', 10.0, cells)
    self.assertEqual(found['pong', 'regular'].learning_rate, 1e-4)
    self.assertEqual(found['pong', 'sobolev'].alpha, 10.0)
    for scale, percent in (('smoke', 10.0), ('laptop', 20.0)):
      with self.assertRaisesRegex(
          errors.UserError, f'no choice for breakout, regular at .*{scale}'
      ):
        choice.load(self.folder, scale, percent, cells)


if __name__ == '__main__':
  absltest.main()
