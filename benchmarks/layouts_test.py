"""Tests for layouts."""

from absl.testing import absltest

from benchmarks import layouts


class LayoutsTest(absltest.TestCase):

  def test_threads_share_the_networks(self):
    networks, batch, chunk, threads = 4, 3, 1, 2
    results = layouts._trainer(networks, batch, chunk, threads)(1)
    counts = [len(state.parameters.biases[0]) for state in results]
    self.assertEqual(counts, [2, 2])

  def test_a_tiny_run(self):
    section = layouts.measure(
        layouts.Settings(
            networks=(2,),
            batches=(3,),
            chunks=(4, 0),
            cores=1,
            rounds=1,
            seconds=1e-3,
        )
    )
    chunks, cores = (
        line.split(' | ')
        for line in section.splitlines()
        if line.startswith('| 2 | 3 |')
    )
    self.assertEqual(chunks[3], '-')  # Two networks make no chunk of four.
    self.assertLen(chunks, 5)
    self.assertLen(cores, 6)


if __name__ == '__main__':
  absltest.main()
