# SPDX-License-Identifier: Apache-2.0
import threading

import numpy as np
import tensorflow as tf

from agents.a3c import shared_rmsprop


class SharedRMSPropTest(tf.test.TestCase):

  def test_by_the_definition(self):
    decay, epsilon, initial, rate = 0.9, 0.1, 0.5, 0.3
    rng = np.random.default_rng(0)
    values = [rng.normal(size=shape) for shape in ((3, 2), (4,))]
    variables = [tf.Variable(value) for value in values]
    optimiser = shared_rmsprop.SharedRMSProp(variables, decay, epsilon, initial)
    squares = [np.full_like(value, initial) for value in values]
    compiled = tf.function(optimiser.apply)
    for step in range(4):
      gradients = [rng.normal(size=value.shape) for value in values]
      for i, gradient in enumerate(gradients):
        squares[i] = decay * squares[i] + (1 - decay) * gradient**2
        values[i] -= rate * gradient / np.sqrt(squares[i] + epsilon)
      apply = compiled if step % 2 else optimiser.apply
      apply(
          variables,
          [tf.constant(g) for g in gradients],
          tf.constant(rate, tf.float64),
      )
    for i in range(2):
      self.assertAllClose(variables[i], values[i], rtol=1e-12)
      self.assertAllClose(optimiser.mean_squares[i], squares[i], rtol=1e-12)

  def test_no_update_of_a_thread_is_lost(self):
    # With epsilon this large and no decay of the statistics, an update is a
    # plain step down: the sum of all steps is known.
    variable = tf.Variable(tf.zeros([100_000]))
    optimiser = shared_rmsprop.SharedRMSProp([variable], 1.0, 1.0, 0.0)
    apply = tf.function(optimiser.apply)
    gradient = [tf.ones([100_000])]
    rate = tf.constant(1.0)
    apply([variable], gradient, rate)

    def work():
      for _ in range(100):
        apply([variable], gradient, rate)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
      thread.start()
    for thread in threads:
      thread.join()
    self.assertAllEqual(variable, np.full(100_000, -301.0))

  def test_the_statistics_are_what_a_checkpoint_keeps(self):
    variable = tf.Variable([1.0, 2.0])
    optimiser = shared_rmsprop.SharedRMSProp([variable])
    names = {v.ref() for v in optimiser.variables}
    self.assertIn(optimiser.mean_squares[0].ref(), names)
    self.assertNotIn(variable.ref(), names)  # The network's own.


if __name__ == '__main__':
  tf.test.main()
