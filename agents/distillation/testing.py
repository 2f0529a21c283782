# SPDX-License-Identifier: Apache-2.0
"""Teachers and recordings that are made in a moment. For tests."""

import pathlib

import numpy as np

from agents.a3c import networks
from agents.a3c import teacher_file
from agents.distillation import recording


def make_teacher(game: str = 'pong', seed: int = 1) -> networks.Teacher:
  """An untrained teacher, whose policy differs from state to state."""
  network = networks.teacher_of(game, seed)
  for variable in network.policy.variables:
    variable.assign(30 * variable)
  # As a file holds them.
  teacher_file.assign(network, teacher_file.half(network))
  return network


def save_teacher(
    folder: pathlib.Path, game: str = 'pong', seed: int = 1
) -> pathlib.Path:
  """Writes such a teacher as <game>.npz."""
  path = folder / f'{game}{teacher_file.SUFFIX}'
  record = {'game': game, 'frames': 0}
  teacher_file.save(path, teacher_file.half(make_teacher(game, seed)), record)
  return path


def make_recording(
    teacher: networks.Teacher, lengths: tuple[int, ...], game: str = 'pong'
) -> recording.Recording:
  """Noise that the teacher has seen, in episodes of some lengths."""
  rng = np.random.default_rng(0)
  episodes = np.repeat(np.arange(len(lengths)), lengths).astype(np.int32)
  pictures = rng.integers(256, size=(len(episodes), 84, 84)).astype(np.uint8)
  black = np.concatenate([np.zeros([1, 84, 84], np.uint8), pictures])
  logits = teacher(black[recording.histories(episodes)]).logits.numpy()
  return recording.Recording(
      pictures=pictures,
      logits=logits,
      actions=logits.argmax(-1),
      episodes=episodes,
      record={'game': game},
  )
