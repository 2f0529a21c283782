# SPDX-License-Identifier: Apache-2.0
"""Recorded states, ready for a network.

Axes: N states, B batch, A actions.
"""

import numpy as np
import tensorflow as tf

from agents.atari import network_input
from agents.distillation import recording as recording_lib

# The shape of a state, as the networks see it: [21, 21, 64].
POINTS = network_input.SHAPE

_ROWS = 1000  # Frames that are rearranged at a time, to save memory.


class States:
  """States of a recording, each frame once.

  Attributes:
    log_policy: the teacher's, float32 [N, A].
  """

  def __init__(self, recording: recording_lib.Recording, used: np.ndarray):
    """Rearranges the frames; only the states `used`, indices, can be seen."""
    histories = recording_lib.histories(recording.episodes)
    wanted = np.setdiff1d(histories[used], [0]) - 1  # 0 is a black frame.
    squares = np.zeros(
        [len(wanted) + 1, *POINTS[:2], network_input.STRIDE**2], np.uint8
    )
    for start in range(0, len(wanted), _ROWS):
      pictures = recording.pictures[wanted[start : start + _ROWS], None]
      squares[start + 1 :][: len(pictures)] = network_input.squares(pictures)
    places = np.full(recording.size + 1, -1, np.int32)
    places[0], places[wanted + 1] = 0, np.arange(1, len(wanted) + 1)
    self._squares = tf.constant(squares)
    self._histories = tf.constant(places[histories])
    self.log_policy = tf.nn.log_softmax(recording.logits)

  def points(self, indices: tf.Tensor) -> tf.Tensor:
    """`network_input.points` [B, 21, 21, 64] of states in use, int64 [B]."""
    four = tf.gather(self._squares, tf.gather(self._histories, indices))
    # As in `network_input.squares`, four bytes move as one number.
    square = [network_input.STRIDE, network_input.STRIDE]
    four = tf.reshape(four, [-1, *four.shape[1:-1], *square])
    moved = tf.transpose(tf.bitcast(four, tf.float32), [0, 2, 3, 1, 4])
    channels_last = tf.bitcast(moved, tf.uint8)  # [B, 21, 21, 4, 4, 4]
    return network_input.normalise(tf.reshape(channels_last, [-1, *POINTS]))
