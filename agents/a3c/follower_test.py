"""Processes on this machine that train one policy."""

import json
import pathlib
import signal
import socket
from unittest import mock

from absl.testing import absltest
import numpy as np
import tensorflow as tf

from agents.a3c import bandit
from agents.a3c import exchange as exchange_lib
from agents.a3c import follower
from agents.a3c import leader
from agents.a3c import learner as learner_lib
from agents.a3c import shared_rmsprop
from agents.a3c import worker as worker_lib
from experiment import errors
from experiment import testing

ACTIONS, UPDATES, OF_LEADER = 4, 100, 20
ALGORITHM = worker_lib.Algorithm(
    steps=5,
    discount=0.99,
    lambda_=1.0,
    value_weight=0.5,
    entropy_weight=0.0,
    gradient_norm=0.5,
    reward_limit=1.0,
)


def make_worker(shared, index, on_score):
  return worker_lib.Worker(
      bandit.Bandit(8, ACTIONS),
      shared,
      bandit.make_linear(ACTIONS),
      ALGORITHM,
      np.array([7, index], np.int32),
      on_score,
  )


class Few:
  """A worker that gives its first gradients only."""

  def __init__(self, worker):
    self._worker, self.given = worker, 0

  def work(self, rollout):
    if self.given == OF_LEADER:
      raise learner_lib.Ended
    self.given += 1
    return self._worker.work(rollout)


class System:
  """What the leader's process trains."""

  def __init__(self):
    self.network = bandit.make_linear(ACTIONS)
    parameters = self.network.trainable_variables
    self.optimiser = shared_rmsprop.SharedRMSProp(parameters, 0.99, 1e-9, 1e-2)
    self.scores = learner_lib.Scores()
    exchange = exchange_lib.Exchange()
    self.others = leader.OtherMachines(
        exchange, '{"of": "the bandit"}', parameters, self.scores.add
    )
    self.own = Few(make_worker(self.network, 0, self.scores.add))
    optimiser = leader.PublishingOptimiser(self.optimiser, exchange)
    self.rates = []

    def apply(parameters, gradients, rate):
      optimiser.apply(parameters, gradients, rate)
      tf.py_function(lambda r: self.rates.append(r.numpy()), [rate], [])

    optimiser_and_count = mock.Mock(apply=apply)
    self.learner = learner_lib.AsynchronousLearner(
        [self.own, self.others], parameters, optimiser_and_count, 0.2, UPDATES,
        self.scores,
    )


def lead(address, folder):
  """Trains: alone, then with one machine, and when that was killed, another."""
  exchange_lib.lead(address, '--address')
  system = System()
  step = 0
  while system.others.received < 5:
    system.learner.advance(step, step + 1)
    step += 1
  (folder / 'met').touch()
  testing.wait_for((folder / 'killed').exists)
  while step < UPDATES:
    until = min(step + 10, UPDATES)
    scalars = system.learner.advance(step, until)
    step = until
    assert len(system.rates) == step, (len(system.rates), step)
  system.others.close()
  system.learner.close()
  policy = tf.nn.softmax(system.network(tf.ones([1, 1])).logits)
  report = {
      'rates': [float(rate) for rate in system.rates],
      'own': system.own.given,
      'received': system.others.received,
      'entropy': float(scalars['entropy']),
      'best': float(policy[0, -1]),
      'score': system.scores.mean(),
      'squares': float(system.optimiser.mean_squares[0][0]),
  }
  (folder / 'report.json').write_text(json.dumps(report))
  testing.wait_for((folder / 'left').exists)


def follow(address, index):
  """Takes part, with two threads."""
  exchange_lib.follow(address, '--leader', 60)
  connection = follower.Connection(address, lambda: False)
  assert connection.wait()
  print(connection.settings(), flush=True)
  mirrors = [bandit.make_linear(ACTIONS) for _ in range(2)]
  players = [
      follower.Player(
          mirror, lambda scored, m=mirror, i=i: make_worker(m, i, scored)
      )
      for i, mirror in enumerate(mirrors, index)
  ]
  follower.play(connection, players)
  print('ended')


class FollowerTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.address = testing.free_address()

  def start(self, name, function, *arguments):
    process = testing.Process(
        self.folder / f'{name}.txt', function, self.address, *arguments
    )
    self.addCleanup(process.kill)
    return process

  def test_one_is_killed_and_another_joins(self):
    leading = self.start('leader', lead, self.folder)
    killed = self.start('killed', follow, 10)
    self.wait_for_file('met', leading, killed)
    killed.send(signal.SIGKILL)
    killed.wait()
    other = self.start('other', follow, 20)
    (self.folder / 'killed').touch()
    self.assertEqual(other.wait(), 0, other.output() + leading.output())
    (self.folder / 'left').touch()
    self.assertEqual(leading.wait(), 0, leading.output())
    self.assertEqual(other.output(), '{"of": "the bandit"}\nended\n')
    report = json.loads((self.folder / 'report.json').read_text())
    # Each update once, at its own rate, in whatever order.
    np.testing.assert_allclose(
        sorted(report['rates'], reverse=True),
        [0.2 * (1 - i / UPDATES) for i in range(UPDATES)],
        rtol=1e-5,
    )
    self.assertEqual(report['own'], OF_LEADER)
    self.assertGreaterEqual(report['received'], UPDATES - OF_LEADER)
    # It is learnt, by statistics that have left where they started.
    self.assertLess(report['entropy'], 0.05)
    self.assertGreater(report['best'], 0.99)
    self.assertGreater(report['score'], 0.9)
    self.assertLess(report['squares'], 0.9e-2)

  def test_something_else_listens(self):
    with socket.create_server(('127.0.0.1', 0)) as server:
      address = f'127.0.0.1:{server.getsockname()[1]}'
      exchange_lib.follow(address, '--leader', 1)
      with self.assertRaisesRegex(
          errors.UserError, f'{address}: .*no training answers within 1 s'
      ):
        follower.Connection(address, lambda: False, seconds=1)

  def wait_for_file(self, name, *processes):
    try:
      testing.wait_for((self.folder / name).exists)
    except TimeoutError:
      self.fail('\n\n'.join(process.output() for process in processes))


if __name__ == '__main__':
  absltest.main()
