# SPDX-License-Identifier: Apache-2.0
"""A machine that //sg:train may place segments on; runs until it is stopped.

    ./bazelw run //sg:worker -- --cluster=here:2222,there:2222 --task=1

--cluster says whom its ports trust.
"""

from experiment.startup import run_main

import dataclasses
import time

from experiment import config
from sg.pipelined import cluster as cluster_lib


@dataclasses.dataclass(frozen=True)
class Settings:
  """Which machine this is."""

  cluster: tuple[str, ...] = config.setting(
      (),
      'host:port of every machine, as //sg:train is given them. '
      f'{cluster_lib.WARNING}.',
  )
  task: int = config.setting(
      1, "This machine's place in --cluster, from 1.", minimum=1
  )


def main(_):
  settings = config.from_flags(Settings)
  server = cluster_lib.serve(settings.cluster, settings.task)
  print(f'task {settings.task}: {server.target}', flush=True)
  while True:  # Server.join() would not end with Ctrl-C.
    time.sleep(1)


if __name__ == '__main__':
  config.define_flags(Settings)
  run_main(main)
