# SPDX-License-Identifier: Apache-2.0
"""A machine that //sg:train may place segments on; runs until it is stopped.

    ./bazelw run //sg:worker -- --cluster=here:2222,there:2222 --task=1

Anyone who can reach the ports of a cluster can read and write files as its
user: TensorFlow does not authenticate its peers, and listens on all interfaces.
Use an isolated network, or a tunnel and a firewall.
"""

from experiment.startup import run_main

import dataclasses
import time

from experiment import config
from sg.pipelined import addresses
from sg.pipelined import cluster


@dataclasses.dataclass(frozen=True)
class Settings:
  """Which machine this is."""

  cluster: tuple[str, ...] = config.setting(
      (),
      'host:port of every machine, as //sg:train is given them. '
      f'{addresses.WARNING}.',
  )
  task: int = config.setting(
      1, "This machine's place in --cluster, from 1.", minimum=1
  )


def main(_):
  settings = config.from_flags(Settings)
  server = cluster.serve(settings.cluster, settings.task)
  print(f'task {settings.task}: {server.target}', flush=True)
  while True:  # Server.join() would not end with Ctrl-C.
    time.sleep(1)


if __name__ == '__main__':
  config.define_flags(Settings)
  run_main(main)
