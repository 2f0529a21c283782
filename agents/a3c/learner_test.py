# SPDX-License-Identifier: Apache-2.0
import collections
import json
import threading
import time
from unittest import mock

import numpy as np
import tensorflow as tf

from agents.a3c import bandit
from agents.a3c import learner as learner_lib
from agents.a3c import networks
from agents.a3c import settings
from agents.a3c import shared_rmsprop
from agents.a3c import worker as worker_lib
from agents.atari import gym_vector

ACTIONS = 4
UPDATES = 100
RATE = 0.2
SETTINGS = settings.Config(
    steps_per_update=5, trace_decay=1.0, entropy_weight=0.0
)


class _System:
  """Workers, their shared network and the statistics."""

  def __init__(self, workers=1, updates=UPDATES, make=None, network=None):
    network = network or (lambda: bandit.Linear(ACTIONS))
    make = make or (lambda i: bandit.Bandit(8, ACTIONS))
    self.network = network()
    self.optimiser = shared_rmsprop.SharedRMSProp(
        self.network.trainable_variables, 0.99, 1e-9, 1e-2
    )
    self.scores = collections.deque()
    self.workers = [
        worker_lib.Worker(
            make(i), self.network, network(), SETTINGS,
            np.array([7, i], np.int32), self.scores.append,
        )
        for i in range(workers)
    ]
    optimise = learner_lib.Optimisation(
        self.network.trainable_variables, self.optimiser, RATE, updates
    )
    if workers == 1:
      self.learner = learner_lib.Learner(
          self.workers[0], optimise, self.scores
      )
    else:
      self.learner = learner_lib.AsynchronousLearner(
          self.workers, optimise, self.scores
      )

  def policy(self):
    return tf.nn.softmax(self.network(tf.ones([1, 1])).logits)[0].numpy()

  def values(self):
    return [
        v.numpy()
        for v in (*self.network.variables, *self.optimiser.mean_squares)
    ]


class LearnerTest(tf.test.TestCase):

  def test_a_bandit_is_solved_in_100_updates(self):
    system = _System()
    scalars = system.learner.advance(0, 1)
    # The first rollout is of the uniform policy.
    self.assertAllClose(scalars['entropy'], np.log(ACTIONS), rtol=1e-5)
    scalars = system.learner.advance(1, UPDATES)
    self.assertLess(float(scalars['entropy']), 0.03)
    self.assertGreater(system.policy()[-1], 0.99)
    self.assertGreater(np.mean(list(system.scores)[-100:]), 0.95)

  def test_threads_solve_it_too(self):
    system = _System(workers=3)
    for step in range(0, UPDATES, 10):
      scalars = system.learner.advance(step, step + 10)
    system.learner.close()
    self.assertLess(float(scalars['entropy']), 0.05)
    self.assertGreater(system.policy()[-1], 0.99)

  def test_the_alone_worker_is_repeatable_and_can_be_cut_up(self):
    whole, cut, resumed = _System(), _System(), _System()
    whole.learner.advance(0, 20)
    cut.learner.advance(0, 7)
    state = json.loads(json.dumps(cut.learner.state()))
    for one, other in zip(
        (*resumed.network.variables, *resumed.optimiser.variables),
        (*cut.network.variables, *cut.optimiser.variables),
        strict=True,
    ):
      one.assign(other)
    resumed.learner.restore(state)
    resumed.learner.advance(7, 20)
    for one, other in zip(whole.values(), resumed.values(), strict=True):
      self.assertAllEqual(one, other)
    self.assertEqual(whole.learner.state(), resumed.learner.state())

  def test_it_can_be_resumed_in_the_middle_of_games(self):
    def make(i):
      return gym_vector.GymVector('breakout', 1, seed=i + 1, max_steps=12)

    def network():
      return networks.make_teacher(4, seed=1)

    whole, resumed = (_System(make=make, network=network) for _ in range(2))
    whole.learner.advance(0, 3)
    state = json.loads(json.dumps(whole.learner.state()))
    for one, other in zip(
        (*resumed.network.variables, *resumed.optimiser.variables),
        (*whole.network.variables, *whole.optimiser.variables),
        strict=True,
    ):
      one.assign(other)
    whole.learner.advance(3, 6)
    resumed.learner.restore(state)
    resumed.learner.advance(3, 6)
    for one, other in zip(whole.values(), resumed.values(), strict=True):
      self.assertAllEqual(one, other)
    self.assertEqual(whole.learner.state(), resumed.learner.state())

  def test_the_rate_falls_to_zero(self):
    system = _System()
    rates = []
    with mock.patch.object(
        system.learner._optimise, '_apply',
        lambda gradients, rate: rates.append(float(rate)),
    ):
      system.learner.advance(0, UPDATES)
    expected = [RATE * (1 - i / UPDATES) for i in range(UPDATES)]
    self.assertAllClose(rates, expected)

  def test_threads_make_exactly_the_updates_asked_for(self):
    system = _System(workers=3)
    lock, made = threading.Lock(), []
    optimise = system.learner._optimise

    def count(gradients, update):
      optimise(gradients, update)
      with lock:
        made.append(update)

    with mock.patch.object(system.learner, '_optimise', count):
      system.learner.advance(40, 53)
      before = system.values()
      time.sleep(0.2)  # Nobody goes on meanwhile.
      self.assertEqual(sorted(made), list(range(40, 53)))
      for one, other in zip(before, system.values(), strict=True):
        self.assertAllEqual(one, other)
      system.learner.advance(53, 60)
      self.assertEqual(sorted(made), list(range(40, 60)))
      system.learner.close()

  def test_an_error_in_a_thread_is_raised(self):
    system = _System(workers=2)
    with mock.patch.object(
        system.workers[1], 'work', side_effect=RuntimeError('of the worker')
    ):
      with self.assertRaisesRegex(RuntimeError, 'of the worker'):
        system.learner.advance(0, UPDATES)
    system.learner.close()


if __name__ == '__main__':
  tf.test.main()
