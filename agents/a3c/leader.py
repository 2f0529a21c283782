"""How the workers of other machines take part in a training.

They appear as one more worker of `AsynchronousLearner`, so that their updates
are counted and made like those of this machine's threads.
"""

from collections.abc import Callable
from collections.abc import Sequence

import tensorflow as tf

from agents.a3c import exchange as exchange_lib
from agents.a3c import learner as learner_lib
from agents.a3c import shared_rmsprop
from agents.a3c import worker as worker_lib


class OtherMachines:
  """All that have joined.

  A machine that is lost takes nothing along but the rollouts that it was
  playing: what it has sent is whole, and is applied here.

  Attributes:
    received: how many gradients came from them.
  """

  def __init__(
      self,
      exchange: exchange_lib.Exchange,
      settings: str,
      parameters: Sequence[tf.Variable],
      on_score: Callable[[float], object],
  ):
    """Puts the parts together.

    Args:
      exchange: with the other machines.
      settings: what they need to know in order to play, JSON.
      parameters: those of the shared network.
      on_score: takes the points of each game that has ended.
    """
    self._exchange, self._settings = exchange, settings
    self._parameters = parameters
    self._on_score = on_score
    self._started = False
    self.received = 0

  def work(self, rollout: int) -> worker_lib.Gradients:
    """Waits for the next gradients; `Ended` after `close`."""
    del rollout  # Others count their own.
    if not self._started:
      # Not before: a checkpoint may have been restored until now.
      self._exchange.start(self._settings, self._parameters)
      self._started = True
    found = self._exchange.receive()
    if found is None:
      raise learner_lib.Ended
    self.received += 1
    for score in found.scores.numpy():
      self._on_score(float(score))
    names = [name.decode() for name in found.names.numpy()]
    return worker_lib.Gradients(
        exchange_lib.unflatten(found.gradients, self._parameters),
        dict(zip(names, tf.unstack(found.values), strict=True)),
    )

  def close(self) -> None:
    """Lets the other machines end."""
    self._exchange.end()


class PublishingOptimiser:
  """One whose updates the other machines see."""

  def __init__(
      self,
      optimiser: shared_rmsprop.SharedRMSProp,
      exchange: exchange_lib.Exchange,
  ):
    self._optimiser, self._exchange = optimiser, exchange

  def apply(
      self,
      parameters: Sequence[tf.Variable],
      gradients: Sequence[tf.Tensor],
      learning_rate: tf.Tensor,
  ) -> None:
    """As `SharedRMSProp.apply`."""
    self._optimiser.apply(parameters, gradients, learning_rate)
    self._exchange.publish(parameters)
