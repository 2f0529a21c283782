import csv
import pathlib

from absl.testing import absltest

from agents.distillation import choice
from experiment import errors

CANDIDATES = [
    choice.Candidate('pong', 1.0, 'regular', 1e-3, 0.0, 5, 0.5),
    choice.Candidate('pong', 1.0, 'regular', 1e-4, 0.0, 5, 0.4),
    choice.Candidate('pong', 1.0, 'sobolev', 1e-3, 1.0, 5, 0.1),
    choice.Candidate('pong', 1.0, 'sobolev', 1e-3, 1.0, 6, 6.5),
    choice.Candidate('pong', 1.0, 'sobolev', 1e-3, 10.0, 5, 0.35),
    choice.Candidate('pong', 1.0, 'sobolev', 1e-3, 10.0, 6, 0.25),
    choice.Candidate('breakout', 1.0, 'regular', 1e-3, 0.0, 5, 0.1),
    choice.Candidate('pong', 10.0, 'regular', 1e-3, 0.0, 5, 0.2),
]


class ChoiceTest(absltest.TestCase):

  def test_the_closest_of_each_cell_in_the_mean_over_seeds(self):
    found = choice.best(CANDIDATES)
    self.assertEqual(
        found,
        {
            ('pong', 1.0, 'regular'): [CANDIDATES[1]],
            # The best student of all has other settings, of which one died.
            ('pong', 1.0, 'sobolev'): CANDIDATES[4:6],
            ('breakout', 1.0, 'regular'): [CANDIDATES[6]],
            ('pong', 10.0, 'regular'): [CANDIDATES[7]],
        },
    )

  def test_what_is_written(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    choice.write(CANDIDATES, 'laptop', folder)
    choice.write(CANDIDATES[:1], 'smoke', folder)
    with open(folder / choice.CHOICES, encoding='utf-8', newline='') as file:
      rows = list(csv.DictReader(file))
    self.assertLen(rows, 9)
    chosen = {
        tuple(
            row[name]
            for name in ('scale', 'game', 'percent', 'method')
            + ('learning_rate', 'alpha', 'seed')
        )
        for row in rows
        if row['chosen'] == '1'
    }
    self.assertEqual(
        chosen,
        {
            ('laptop', 'pong', '1', 'regular', '0.0001', '0.0', '5'),
            ('laptop', 'pong', '1', 'sobolev', '0.001', '10.0', '5'),
            ('laptop', 'pong', '1', 'sobolev', '0.001', '10.0', '6'),
            ('laptop', 'breakout', '1', 'regular', '0.001', '0.0', '5'),
            ('laptop', 'pong', '10', 'regular', '0.001', '0.0', '5'),
            ('smoke', 'pong', '1', 'regular', '0.001', '0.0', '5'),
        },
    )

  def test_what_was_written_is_loaded(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    choice.write(CANDIDATES, 'laptop', folder)
    choice.write(CANDIDATES[:1], 'smoke', folder)
    cells = [('pong', 1.0, 'sobolev'), ('breakout', 1.0, 'regular')]
    found = choice.load(folder, 'laptop', cells)
    self.assertCountEqual(found, CANDIDATES)
    with self.assertRaisesRegex(
        errors.UserError, 'no choice for breakout, 1 %, regular at'
    ):
      choice.load(folder, 'smoke', cells)

  def test_a_table_of_something_else(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    with self.assertRaisesRegex(errors.UserError, 'no choice for'):
      choice.load(folder, 'laptop', [('pong', 1.0, 'sobolev')])
    path = folder / choice.CHOICES
    path.write_text('scale,game,method\nlaptop,pong,regular\n')
    with self.assertRaisesRegex(errors.UserError, 'not a table of choices'):
      choice.load(folder, 'laptop', [])


if __name__ == '__main__':
  absltest.main()
