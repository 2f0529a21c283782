# SPDX-License-Identifier: Apache-2.0
"""A pipe across two processes on this machine."""

import pathlib
import socket

from absl.testing import absltest

from experiment import errors
from experiment import testing
from sg import train
from sg.pipelined import cluster
from sg.pipelined import worker as worker_lib


class ClusterTest(absltest.TestCase):

  def start(self, module, *arguments):
    """Starts a program of this room."""
    process = testing.Process(
        self.folder / f'{module.__name__}.txt',
        testing.run_program, pathlib.Path(module.__file__), *arguments,
    )
    self.addCleanup(process.kill)
    return process

  def test_segments_on_two_machines(self):
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    addresses = ','.join(testing.free_addresses(2))
    worker = self.start(worker_lib, f'--cluster={addresses}', '--task=1')
    here, there = (f'/job:worker/task:{k}/device:CPU:0' for k in range(2))
    arguments = (
        '--preset=smoke-cifar10', '--method=critic', '--pipelined',
        '--targets=received',
        f'--cluster={addresses}', f'--placement={here},{here},{there},{there}',
        '--width=2', '--module_channels=2', '--image_size=8', '--aligned=0',
        '--batch_size=256', '--threads=1', f'--output={self.folder / "run"}',
        '--evaluations=1', '--epochs=1000', '--checkpoint_seconds=0.5',
    )
    trainer = self.start(train, *arguments)
    testing.wait_for(
        lambda: list(self.folder.glob('run/checkpoints/step_*')), 60
    )
    worker.kill()
    self.assertEqual(trainer.wait(60), errors.USER_ERROR, trainer.output())
    said = trainer.output().splitlines()
    lines = [line for line in said if line.startswith('error: ')]
    self.assertLen(lines, 1)
    for program in (trainer, worker):
      self.assertIn('warning: Anyone who can reach', program.output())
    self.assertRegex(lines[0], r'lost /job:worker.*task:1.*--resume')

  def test_says_what_is_wrong(self):
    addresses = testing.free_addresses(2)
    with self.assertRaisesRegex(errors.UserError, 'nobody answers.*task=1'):
      cluster.connect(addresses, seconds=0.1)
    with self.assertRaisesRegex(errors.UserError, 'host:port, got .nowhere.'):
      cluster.connect([addresses[0], 'nowhere'])
    with self.assertRaisesRegex(errors.UserError, 'from 1 to 1, as'):
      cluster.serve(addresses, 2)
    for too_few in ((), addresses[:1]):
      with self.assertRaisesRegex(errors.UserError, 'two machines or more'):
        cluster.serve(too_few, 1)


class AddressesTest(absltest.TestCase):

  def test_waits_for_what_listens(self):
    with socket.create_server(('127.0.0.1', 0)) as server:
      address = f'127.0.0.1:{server.getsockname()[1]}'
      cluster.wait_for(address, 'unused', seconds=0.1)
    with self.assertRaisesRegex(
        errors.UserError, f'{address}: nobody answers .*refused.*: start it'
    ):
      cluster.wait_for(address, 'start it', seconds=0.1)

  def test_a_port_that_another_has(self):
    with socket.create_server(('', 0)) as server:
      address = f'127.0.0.1:{server.getsockname()[1]}'
      with self.assertRaisesRegex(
          errors.UserError, f'{address}: cannot listen .*free port.* --cluster'
      ):
        cluster.check_port(address)
    cluster.check_port(address)

  def test_what_is_no_address(self):
    for address in ('nowhere', ':80', 'here:', 'here:http', 'here:65536'):
      for check in (
          cluster.check_port,
          lambda a: cluster.wait_for(a, 'unused'),
      ):
        with self.assertRaisesRegex(
            errors.UserError, f"--cluster: expected host:port, got '{address}'"
        ):
          check(address)


if __name__ == '__main__':
  absltest.main()
