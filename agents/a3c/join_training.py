"""Joins the training of a teacher on another machine.

There, `--address` tells where the others find it:

    ./bazelw run //agents:train_teacher -- --game=pong --address=there:2222

and here, as on any number of machines, while it is trained:

    ./bazelw run //agents:join_training -- --leader=there:2222 --workers=16

It plays by the settings of the training. Anything that it sends is applied
there, and nothing is stored here, so that machines may join and leave.
"""

from experiment.startup import run_main

import dataclasses
import json
import secrets

from agents.a3c import exchange
from agents.a3c import experiment
from agents.a3c import follower
from agents.a3c import networks
from agents.a3c import settings as settings_lib
from agents.a3c import train_teacher
from experiment import cluster
from experiment import config
from experiment import errors
from experiment import stop


@dataclasses.dataclass(frozen=True)
class Settings:
  """What this machine does."""

  leader: str = config.setting(
      '', 'host:port of the training to join, its --address.'
  )
  workers: int = config.setting(
      4, 'Threads that play and learn here.', minimum=1
  )


def main(_):
  settings = config.from_flags(Settings)
  train_teacher.configure_threads(settings.workers)
  exchange.follow(settings.leader, '--leader', cluster.SECONDS)
  with stop.Stop() as stopping:
    print(f'{settings.leader}: waiting for the training', flush=True)
    connection = follower.Connection(settings.leader, lambda: bool(stopping))
    if connection.wait():
      training = _parse(settings.leader, connection.settings())
      print(
          f'{settings.leader}: joined the training of {training.game}',
          flush=True,
      )
      # Anew each time: what joins again should not play the same games.
      first = secrets.randbits(31)
      with connection.naming_lost():
        players = [
            _make_player(training, first + i) for i in range(settings.workers)
        ]
        follower.play(connection, players)
    if stopping:
      raise errors.Interrupted(
          'left the training, which goes on without this machine',
          stopping.signum,
      )
  print(f'{settings.leader}: the training has ended, or was stopped')


def _parse(leader: str, text: str) -> settings_lib.Config:
  try:
    return settings_lib.Config(**json.loads(text))
  except TypeError as error:
    raise errors.UserError(
        f'{leader}: trains with other settings than are known here '
        f'({errors.one_line(error)}): take the same version on both machines'
    ) from error


def _make_player(
    training: settings_lib.Config, index: int
) -> follower.Player:
  mirror = networks.blank_teacher(training.game)
  return follower.Player(
      mirror,
      lambda on_score: experiment.make_worker(
          training, index, mirror, on_score
      ),
  )


if __name__ == '__main__':
  config.define_flags(Settings)
  run_main(main)
