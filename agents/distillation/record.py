# SPDX-License-Identifier: Apache-2.0
"""Records what a teacher sees and does (section 4.2).

    ./bazelw run //agents:record -- --game=pong

The teacher plays several games at once, by gym, and draws its actions from its
policy. A part of the states is played and written at a time; a recording that
was stopped goes on after the last part with --resume, to the same bits.
"""

from experiment.startup import run_main

import dataclasses
import pathlib
from typing import Any

from absl import flags
import numpy as np
import tensorflow as tf

from agents.a3c import teacher_file
from agents.atari import games
from agents.atari import gym_vector
from agents.atari import preprocessing
from agents.distillation import recording as recording_lib
from agents.distillation import teachers
from experiment import atomic
from experiment import config
from experiment import errors
from experiment import inputs
from experiment import loop
from experiment import run_folder
from experiment import seeds

RECORDING = 'recording.npz'


@dataclasses.dataclass(frozen=True)
class Config:
  """One recording."""

  game: str = config.setting(
      'pong', 'What to play.', choices=tuple(games.GAMES)
  )
  teacher: str = config.setting(
      '', "Who plays: a .npz; by default the game's in agents/teachers."
  )
  states: int = config.setting(
      100_000, 'How many states, rounded up to whole parts.', 'states',
      'section 4.2: 100K [V]', minimum=1,
  )
  games_at_once: int = config.setting(
      8, 'Games that are played side by side.', source='[O]', minimum=1
  )
  parts: int = config.setting(
      50, 'Parts that are played and written one after the other.', minimum=1
  )
  seed: int = config.setting(
      1, 'Of the starts and the actions.', minimum=1, maximum=10**9
  )

  @property
  def steps_of_part(self) -> int:
    """Agent steps of each game in a part."""
    return -(-self.states // (self.parts * self.games_at_once))


class Recorder:
  """Plays part after part; `host_state` of `loop.run`."""

  def __init__(self, settings: Config, folder: pathlib.Path):
    """Starts the games.

    Raises:
      UserError: an unknown game, or not a teacher of it.
    """
    self._settings, self._folder = settings, folder
    self.teacher, self.teacher_record = teacher_file.load(
        teachers.path(settings.game, settings.teacher), settings.game
    )
    self._logits = tf.function(
        lambda seen: self.teacher(seen).logits, autograph=False
    )
    count = settings.games_at_once
    self._games = gym_vector.GymVector(settings.game, count, settings.seed)
    self._observations = self._games.reset()
    self._episodes = np.arange(count)
    self._points = np.zeros(count)
    self._ended: list[float] = []

  def part(self, index: int) -> pathlib.Path:
    """The file of a part."""
    return self._folder / f'part-{index:04}.npz'

  def advance(self, step: int, until: int) -> dict[str, float]:
    """Plays the parts from `step` to `until`, and writes each."""
    for index in range(step, until):
      played = self._play(index)
      path = self.part(index)
      with errors.naming(path), atomic.replacing(path) as temporary:
        with open(temporary, 'wb') as file:
          np.savez_compressed(file, **played)
    # There is no score before the first episode has ended.
    return {'score': self.score} if self._ended else {}

  def _play(self, index: int) -> dict[str, np.ndarray]:
    """One part: what is in a recording, each [T, games, ...]."""
    chance = seeds.generator(self._settings.seed, 'recording', index)
    rows = []
    for _ in range(self._settings.steps_of_part):
      logits = self._logits(self._observations).numpy()
      # The largest is then one drawn from the softmax.
      actions = (logits + chance.gumbel(size=logits.shape)).argmax(-1)
      rows.append((
          self._observations[:, -1].copy(),
          logits,
          actions,
          self._episodes.astype(np.int32),
      ))
      step = self._games.step(actions)
      self._observations = step.observations
      self._points += step.rewards
      for i in np.flatnonzero(step.ends):
        self._ended.append(float(self._points[i]))
        self._points[i] = 0
        self._episodes[i] = self._episodes.max() + 1
    columns = map(np.stack, zip(*rows, strict=True))
    return dict(zip(recording_lib.ARRAYS, columns, strict=True))

  @property
  def score(self) -> float:
    """The mean points of the games that have ended; not a number for none."""
    return float(np.mean(self._ended)) if self._ended else float('nan')

  def state(self) -> dict[str, Any]:
    """What the next part depends on."""
    return {
        'games': self._games.state(),
        'episodes': self._episodes.tolist(),
        'points': self._points.tolist(),
        'ended': self._ended,
    }

  def restore(self, state: dict[str, Any]) -> None:
    """Goes back to what `state` gave."""
    self._games.restore(state['games'])
    self._observations = self._games.observations()
    self._episodes = np.array(state['episodes'])
    self._points = np.array(state['points'])
    self._ended = state['ended']

  def join(self) -> recording_lib.Recording:
    """All parts, in the order of their episodes."""
    parts = []
    for index in range(self._settings.parts):
      part = recording_lib.read_arrays(self.part(index), recording_lib.ARRAYS)
      parts.append(list(part.values()))
    played = {}
    for name in recording_lib.ARRAYS:
      # Taken out of `parts` one by one: frames need a lot of memory.
      array = np.concatenate([part.pop(0) for part in parts])
      played[name] = array.reshape(-1, *array.shape[2:])
    # Stable, so that an episode's states stay in the order of their steps.
    order = np.argsort(played['episodes'], kind='stable')
    return recording_lib.Recording(
        **{name: array[order] for name, array in played.items()},
        record={
            'game': self._settings.game,
            'settings': config.to_json(self._settings),
            'teacher': {
                name: self.teacher_record.get(name)
                for name in ('frames', 'commit', 'evaluation')
            },
            'scores': self._ended,
        },
    )


def record(
    settings: Config, path: str, resume: bool, quiet: bool = False
) -> pathlib.Path:
  """Records into a run folder, or goes on there; returns the recording."""
  with run_folder.open_run(path, settings, resume) as run:
    recorder = Recorder(settings, run.path)
    teacher = teachers.path(settings.game, settings.teacher)
    inputs.keep(run, teacher=inputs.digest([teacher]))
    output = run.path / RECORDING

    def joined(step):
      if step == settings.parts:
        recording_lib.save(output, recorder.join())
      return {'score': recorder.score}

    loop.run(
        run,
        settings.parts,
        recorder.advance,
        joined,
        [settings.parts],
        trackables={'teacher': recorder.teacher},
        host_state={'recorder': recorder},
        checkpoint_seconds=0,  # After each part, which takes much longer.
        must_be_finite=(),
        quiet=quiet,
        unit='part',
    )
    for index in range(settings.parts):
      recorder.part(index).unlink(missing_ok=True)
  return output


def main(_):
  settings = config.from_flags(Config)
  path = record(settings, flags.FLAGS.output, flags.FLAGS.resume)
  found = recording_lib.load(path, settings.game)
  frames = found.record['teacher']['frames']
  agent_steps = frames // preprocessing.ACTION_REPEAT
  print(
      f'{path}: {found.size:,} states of {found.episodes[-1] + 1} episodes; '
      f'teacher of {agent_steps:,} agent steps'
  )


if __name__ == '__main__':
  config.define_flags(Config)
  run_folder.define_flags('runs/recording')
  run_main(main)
