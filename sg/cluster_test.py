"""A pipe across two processes on this machine."""

import os
import pathlib
import socket
import subprocess
import sys
import time

from absl.testing import absltest

from sg import cluster
from sg import train
from sg import worker as worker_lib
from sobolev_training.experiment import errors


def free_addresses(count):
  """Addresses of free ports of this machine."""
  sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
  try:
    return [f'127.0.0.1:{s.getsockname()[1]}' for s in sockets]
  finally:
    for s in sockets:
      s.close()


class ClusterTest(absltest.TestCase):

  def start(self, module, *arguments):
    """Starts a program of this room."""
    process = subprocess.Popen(
        [sys.executable, '-m', module.__name__, *arguments],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    self.addCleanup(process.communicate)
    self.addCleanup(process.kill)
    return process

  def test_segments_on_two_machines(self):
    addresses = ','.join(free_addresses(2))
    worker = self.start(worker_lib, f'--cluster={addresses}', '--task=1')
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    here, there = (f'/job:worker/task:{k}/device:CPU:0' for k in range(2))
    arguments = (
        '--preset=smoke-cifar10', '--method=critic', '--pipelined',
        f'--cluster={addresses}', f'--placement={here},{here},{there},{there}',
        '--width=2', '--module_channels=2', '--image_size=8', '--aligned=0',
        '--batch_size=256', '--threads=1', f'--output={folder}',
        '--evaluations=1', '--epochs=1000', '--checkpoint_seconds=0.5',
    )
    trainer = self.start(train, *arguments)
    deadline = time.monotonic() + 60
    while not list(folder.glob('checkpoints/step_*')):
      self.assertIsNone(trainer.poll())
      self.assertLess(time.monotonic(), deadline)
      time.sleep(0.1)
    worker.kill()
    said = trainer.communicate(timeout=60)[1].splitlines()
    self.assertEqual(trainer.returncode, errors.USER_ERROR, said[-20:])
    lines = [line for line in said if line.startswith('error: ')]
    self.assertLen(lines, 1)
    self.assertRegex(lines[0], r'lost /job:worker.*task:1.*--resume')

  def test_says_what_is_wrong(self):
    addresses = free_addresses(2)
    with self.assertRaisesRegex(errors.UserError, 'nobody answers.*task=1'):
      cluster.connect(addresses, seconds=0.1)
    with self.assertRaisesRegex(errors.UserError, 'host:port, got .nowhere.'):
      cluster.connect([addresses[0], 'nowhere'])
    with self.assertRaisesRegex(errors.UserError, 'from 1 to 1, as'):
      cluster.serve(addresses, 2)
    for too_few in ((), addresses[:1]):
      with self.assertRaisesRegex(errors.UserError, 'two machines or more'):
        cluster.serve(too_few, 1)


if __name__ == '__main__':
  absltest.main()
