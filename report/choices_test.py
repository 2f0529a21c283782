from absl.testing import absltest

from report import choices
from report import rows


def _network(scale, size, method, seed, error):
  return rows.Network(
      scale=scale,
      function='booth',
      size=size,
      method=method,
      seed=seed,
      steps=10,
      test_mse=error,
      test_gradient_mse=1.0,
      train_loss=1.0,
      earlier_test_mse=error,
      seconds=1.0,
  )


def _cell(scale, size, regular, sobolev):
  networks = []
  for method, errors in (('regular', regular), ('sobolev', sobolev)):
    for seed, error in enumerate(errors):
      networks.append(_network(scale, size, method, seed, error))
  return networks


class ChoicesTest(absltest.TestCase):

  def test_a_line_a_choice(self):
    found = choices.table([
        # Gains of 2, 2.1 and 1.9: sure. Of 1, -2 and 0.7: not.
        *_cell('defaults', 20, [100, 126, 79.4], [1, 1, 1]),
        *_cell('defaults', 100, [10, 1, 5], [1, 100, 1]),
        *_cell('batch 32', 100, [1, 1, 1], [10, 11, 9]),
    ])
    self.assertEqual(found.header, ('Choice', 'Booth', 'Cells won'))
    self.assertEqual(
        found.rows,
        [
            ['defaults', '**+2.0** -0.1', '1 of 2'],
            ['batch 32', '– **-1.0**', '0 of 1'],
        ],
    )


if __name__ == '__main__':
  absltest.main()
