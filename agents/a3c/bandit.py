# SPDX-License-Identifier: Apache-2.0
"""The smallest game: one step, one action that pays. For tests."""

from typing import Any

import numpy as np
import sonnet as snt
import tensorflow as tf

from agents.a3c import chain
from agents.a3c import networks
from agents.atari import vector_env


class Bandit:
  """N games of one step each; the last action gets a point."""

  def __init__(self, count: int, num_actions: int):
    self.count = count
    self.num_actions = num_actions

  def observations(self) -> np.ndarray:
    """Observations [N, 1], always 1."""
    return np.ones([self.count, 1], np.float32)

  reset = observations

  def step(self, actions: np.ndarray) -> vector_env.Step:
    """Plays the games, and starts the next ones."""
    return vector_env.Step(
        self.observations(),
        (actions == self.num_actions - 1).astype(np.float32),
        np.ones(self.count, bool),
        np.zeros(self.count, np.int32),
        np.zeros(self.count, bool),
    )

  def state(self) -> dict[str, Any]:
    """Nothing: all games are alike."""
    return {}

  def restore(self, state: dict[str, Any]) -> None:
    """Takes what `state` gave."""


class Linear(networks.Network):
  """A linear policy and value; at first all actions are equally likely."""

  def __init__(self, num_actions: int):
    super().__init__('linear')
    zeros = snt.initializers.Zeros()
    self.features = chain.Chain([])
    self.policy = snt.Linear(num_actions, w_init=zeros)
    self.value = snt.Linear(1, w_init=zeros)
    self(tf.ones([1, 1]))  # Makes the variables.
