import threading

import tensorflow as tf

from agents.a3c import exchange as exchange_lib
from agents.a3c import leader
from agents.a3c import learner as learner_lib
from agents.a3c import shared_rmsprop
from experiment import testing


def setUpModule():
  exchange_lib.lead(testing.free_address(), '--address')


class LeaderTest(tf.test.TestCase):

  def test_gradients_scalars_and_scores_of_others(self):
    parameters = [tf.Variable([[1.0, 2.0]]), tf.Variable([3.0])]
    exchange, scores = exchange_lib.Exchange(), []
    others = leader.OtherMachines(exchange, '{}', parameters, scores.append)
    self.assertEqual(exchange.state(), exchange_lib.State.STARTING)
    exchange.send(exchange_lib.Found(
        tf.constant([4.0, 5, 6]),
        tf.constant(['entropy', 'value_loss']),
        tf.constant([0.5, 0.25]),
        tf.constant([-21.0, 3]),
    ))
    gradients, scalars = others.work(0)
    self.assertEqual(exchange.state(), exchange_lib.State.RUNNING)
    self.assertAllEqual(exchange.parameters(), [1, 2, 3])
    self.assertAllEqual(gradients[0], [[4, 5]])
    self.assertAllEqual(gradients[1], [6])
    self.assertEqual(scalars, {'entropy': 0.5, 'value_loss': 0.25})
    self.assertEqual(scores, [-21, 3])
    self.assertEqual(others.received, 1)

    raised = []

    def wait():
      try:
        others.work(1)
      except learner_lib.Ended as error:
        raised.append(error)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    others.close()
    waiting.join(60)
    self.assertLen(raised, 1)
    self.assertEqual(exchange.state(), exchange_lib.State.ENDED)

  def test_updates_are_published(self):
    exchange = exchange_lib.Exchange()
    one, other = ([tf.Variable([1.0, 2.0])] for _ in range(2))
    published = leader.PublishingOptimiser(
        shared_rmsprop.SharedRMSProp(one), exchange
    )
    plain = shared_rmsprop.SharedRMSProp(other)
    gradients, rate = [tf.constant([0.5, -1])], tf.constant(0.1)
    for _ in range(2):
      tf.function(published.apply, autograph=False)(one, gradients, rate)
      tf.function(plain.apply, autograph=False)(other, gradients, rate)
      self.assertAllEqual(one[0], other[0])
      self.assertAllEqual(exchange.parameters(), other[0])


if __name__ == '__main__':
  tf.test.main()
