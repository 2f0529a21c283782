# SPDX-License-Identifier: Apache-2.0
"""Tests for a3c_learner."""

from unittest import mock

from absl.testing import absltest

from agents.a3c import settings as settings_lib
from agents.a3c import worker as worker_lib
from benchmarks import a3c_learner

WORKERS = 2


class A3cLearnerTest(absltest.TestCase):

  def test_idle_between_portions(self):
    learner = a3c_learner.Learner(
        settings_lib.Config(
            workers=WORKERS, games_per_worker=1, steps_per_update=1
        )
    )
    self.addCleanup(learner.close)
    work = worker_lib.Worker.work
    with mock.patch.object(
        worker_lib.Worker, 'work', autospec=True, side_effect=work
    ) as worked:
      for made in 3, 7:
        learner.run(made - learner._made)
        # One is ahead for each worker.
        self.assertEqual(worked.call_count, made + WORKERS)

  def test_parts_make_up_the_whole(self):
    parts = a3c_learner.parts(
        settings_lib.Config(
            workers=WORKERS, games_per_worker=2, steps_per_update=2
        ),
        updates=3,
    )
    whole = parts.pop('all')
    self.assertEqual(
        list(parts), ['fetching', 'acting', 'games', 'learning', 'applying']
    )
    self.assertGreater(min(parts.values()), 0)
    self.assertLessEqual(sum(parts.values()), whole)


if __name__ == '__main__':
  absltest.main()
