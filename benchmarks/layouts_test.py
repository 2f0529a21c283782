"""Tests for layouts."""

from concurrent import futures
from unittest import mock

from absl.testing import absltest

from benchmarks import layouts
from experiment import errors


class LayoutsTest(absltest.TestCase):

  def test_threads_share_the_networks(self):
    networks, batch, chunk, threads = 4, 3, 1, 2
    results = layouts._trainer(networks, batch, chunk, threads)(1)
    counts = [len(state.parameters.biases[0]) for state in results]
    self.assertEqual(counts, [2, 2])

  def test_processes_share_all_networks(self):
    shares = []

    class Worker:

      def submit(self, _, case, steps):
        shares.append(case[0])
        future = futures.Future()
        future.set_result((1.0, steps))
        return future

    with mock.patch.object(
        layouts._Workers, '_start', lambda *_: Worker()
    ), layouts._Workers(3) as workers:
      cpu, _ = workers.clock(16, 3, layouts.Layout(processes=3), 1)
    self.assertEqual((cpu, sorted(shares)), (3.0, [5, 5, 6]))

  def test_fewer_networks_than_cores(self):
    settings = layouts.Settings(networks=(16, 2), cores=3)
    with self.assertRaisesRegex(errors.UserError, '--networks=2: expected'):
      layouts.measure(settings)

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
