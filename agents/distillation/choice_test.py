import csv
import pathlib

from absl.testing import absltest

from agents.distillation import choice

CANDIDATES = [
    choice.Candidate('pong', 'regular', 1e-3, 0.0, 0.5),
    choice.Candidate('pong', 'regular', 1e-4, 0.0, 0.4),
    choice.Candidate('pong', 'sobolev', 1e-3, 1.0, 0.3),
    choice.Candidate('pong', 'sobolev', 1e-3, 10.0, 0.35),
    choice.Candidate('breakout', 'regular', 1e-3, 0.0, 0.1),
]


class ChoiceTest(absltest.TestCase):

  def test_the_closest_of_each_game_and_method(self):
    found = choice.best(CANDIDATES)
    self.assertEqual(
        found,
        {
            ('pong', 'regular'): CANDIDATES[1],
            ('pong', 'sobolev'): CANDIDATES[2],
            ('breakout', 'regular'): CANDIDATES[4],
        },
    )

  def test_what_is_written(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    choice.write(CANDIDATES, 'laptop', folder)
    choice.write(CANDIDATES[:1], 'smoke', folder)
    with open(folder / choice.CHOICES, encoding='utf-8', newline='') as file:
      rows = list(csv.DictReader(file))
    self.assertLen(rows, 6)
    chosen = {
        (row['scale'], row['game'], row['method'], row['learning_rate'])
        for row in rows
        if row['chosen'] == '1'
    }
    self.assertEqual(
        chosen,
        {
            ('laptop', 'pong', 'regular', '0.0001'),
            ('laptop', 'pong', 'sobolev', '0.001'),
            ('laptop', 'breakout', 'regular', '0.001'),
            ('smoke', 'pong', 'regular', '0.001'),
        },
    )


if __name__ == '__main__':
  absltest.main()
