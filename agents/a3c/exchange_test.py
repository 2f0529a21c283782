import numpy as np
import tensorflow as tf

from agents.a3c import exchange as exchange_lib
from experiment import errors
from experiment import testing


def setUpModule():
  exchange_lib.lead(testing.free_address(), '--address')


def found(*numbers, scores=()):
  return exchange_lib.Found(
      tf.constant(numbers, tf.float32),
      tf.constant(['entropy']),
      tf.constant([0.5]),
      tf.constant(scores, tf.float32),
  )


class ExchangeTest(tf.test.TestCase):

  def test_both_sides_mean_the_same(self):
    one, other = exchange_lib.Exchange(), exchange_lib.Exchange()
    self.assertEqual(other.state(), exchange_lib.State.STARTING)
    parameters = [tf.Variable([[1.0, 2.0]]), tf.Variable([3.0])]
    one.start('{"game": "pong"}', parameters)
    self.assertEqual(other.state(), exchange_lib.State.RUNNING)
    self.assertEqual(other.settings(), '{"game": "pong"}')
    self.assertAllEqual(other.parameters(), [1, 2, 3])
    parameters[1].assign([4.0])
    self.assertAllEqual(other.parameters(), [1, 2, 3])
    tf.function(lambda: one.publish(parameters))()
    self.assertAllEqual(other.parameters(), [1, 2, 4])

    self.assertEqual(other.waiting(), 0)
    other.send(found(1, 2, 3, scores=[7, 8]))
    other.send(found(4, 5, 6))
    self.assertEqual(other.waiting(), 2)
    first, second = one.receive(), one.receive()
    self.assertAllEqual(first.gradients, [1, 2, 3])
    self.assertAllEqual(first.scores, [7, 8])
    self.assertAllEqual(first.names, [b'entropy'])
    self.assertAllEqual(second.gradients, [4, 5, 6])
    self.assertEmpty(second.scores.numpy())
    self.assertEqual(other.waiting(), 0)

    one.end()
    self.assertEqual(other.state(), exchange_lib.State.ENDED)
    self.assertIsNone(one.receive())

  def test_flatten_and_back(self):
    values = [np.arange(6.0).reshape(2, 3), np.array(7.0), np.zeros([0, 4])]
    tensors = [tf.constant(v, tf.float32) for v in values]
    vector = exchange_lib.flatten(tensors)
    self.assertAllEqual(vector, [0, 1, 2, 3, 4, 5, 7])
    back = exchange_lib.unflatten(vector, tensors)
    for one, other in zip(back, values, strict=True):
      self.assertAllEqual(one, other)

  def test_a_leader_that_is_not_there(self):
    with self.assertRaisesRegex(
        errors.UserError, 'nobody answers .*start //agents:train_teacher there'
    ):
      exchange_lib.follow(testing.free_address(), '--leader', 0.1)
    with self.assertRaisesRegex(errors.UserError, "--leader: .*got ''"):
      exchange_lib.follow('', '--leader', 0.1)


if __name__ == '__main__':
  tf.test.main()
