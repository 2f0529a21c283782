# SPDX-License-Identifier: Apache-2.0
"""The whole learner learns from frames; five minutes of processor time."""

import collections

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from agents.a3c import catch
from agents.a3c import learner as learner_lib
from agents.a3c import networks
from agents.a3c import settings as settings_lib
from agents.a3c import shared_rmsprop
from agents.a3c import worker as worker_lib

STEPS = 120_000  # Learning begins after 10,000 to 70,000, as rounding has it.


class PixelsTest(parameterized.TestCase):

  @parameterized.parameters(0, 87)
  def test_catches_what_falls_in_front_of_any_background(self, background):
    settings = settings_lib.Config(agent_steps=STEPS)
    network, local = (
        networks.make_teacher(3, seed, background) for seed in (1, 0)
    )
    scores = collections.deque(maxlen=100)
    worker = worker_lib.Worker(
        catch.Catch(settings.games_per_worker, background),
        network,
        local,
        settings,
        np.array([1, 2], np.int32),
        scores.append,
    )
    learner = learner_lib.Learner(
        worker,
        learner_lib.Optimisation(
            network.trainable_variables,
            shared_rmsprop.SharedRMSProp(
                network.trainable_variables,
                settings.rmsprop_decay,
                settings.rmsprop_epsilon,
                settings.rmsprop_initial,
            ),
            settings.learning_rate,
            100 * settings.updates,  # The rate stays nearly what it is.
        ),
        scores,
    )
    learner.advance(0, settings.updates)
    # By chance a paddle of five columns in 21 gets -0.5, all caught 1.
    self.assertGreater(np.mean(scores), 0.5)


if __name__ == '__main__':
  absltest.main()
