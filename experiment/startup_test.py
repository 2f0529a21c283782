# SPDX-License-Identifier: Apache-2.0
"""Tests for startup, with a library in place of TensorFlow."""

import os
import pathlib
import signal
import subprocess
import sys

from absl.testing import absltest

from experiment import startup

_TENSORFLOW = """
import os, sys, time

for name in ('TF_ENABLE_ONEDNN_OPTS', 'TF_CPP_MIN_LOG_LEVEL'):
  print(name, os.environ[name], flush=True)
for line in (
    'WARNING: All log messages before absl::InitializeLog() is called are ...',
    'I0000 00:00:1795971635.187358    9099 port.cc:153] oneDNN ...',
    'I0000 00:00:1795971635.422644    9099 cpu_feature_guard.cc:227] This ...',
    'To enable the following instructions: AVX2 FMA, in other operations, ...',
    'W0000 00:00:1795971990.496737   12703 local_rendezvous.cc:412] ...',
    'E0000 00:00:1795971990.136796   12703 slow_operation_alarm.cc:52] Very',
):
  os.write(2, line.encode() + b'\\n')

def list_physical_devices():
  os.write(2, b'E0000 00:00:1 2 cuda_platform.cc:52] failed call to cuInit\\n')

config = sys.modules[__name__]
if 'CRASH' in os.environ:
  os.abort()
if 'SLOW' in os.environ:
  time.sleep(60)
"""


class StartupTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    folder = self.create_tempdir().full_path
    pathlib.Path(folder, 'tensorflow.py').write_text(_TENSORFLOW)
    self.environment = {
        **os.environ,
        'PYTHONPATH': os.pathsep.join([folder, *sys.path]),
    }
    for name in ('TF_ENABLE_ONEDNN_OPTS', 'TF_CPP_MIN_LOG_LEVEL'):
      self.environment.pop(name, None)

  def start(self, **environment: str) -> subprocess.Popen:
    program = (
        f'import {startup.__name__}, sys\n'
        "print('Python', file=sys.stderr, flush=True)\n"
    )
    return subprocess.Popen(
        [sys.executable, '-P', '-c', program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**self.environment, **environment},
        text=True,
        start_new_session=True,
    )

  def test_notes_are_left_out_and_errors_are_not(self):
    output, printed = self.start().communicate()
    self.assertEqual(
        output.splitlines(),
        ['TF_ENABLE_ONEDNN_OPTS 1', 'TF_CPP_MIN_LOG_LEVEL 2'],
    )
    self.assertEqual(
        [line.rpartition(' ')[2] for line in printed.splitlines()],
        ['Very', 'Python'],
    )

  def test_the_environment_goes_first(self):
    process = self.start(TF_ENABLE_ONEDNN_OPTS='0', TF_CPP_MIN_LOG_LEVEL='0')
    output, printed = process.communicate()
    self.assertEqual(
        output.splitlines(),
        ['TF_ENABLE_ONEDNN_OPTS 0', 'TF_CPP_MIN_LOG_LEVEL 0'],
    )
    self.assertIn('cpu_feature_guard', printed)
    self.assertIn('cuInit', printed)

  def test_errors_come_through_before_a_crash(self):
    process = self.start(CRASH='1')
    _, printed = process.communicate()
    self.assertEqual(process.returncode, -signal.SIGABRT)
    self.assertEndsWith(printed, 'Very\n')

  def test_an_interrupt_is_quiet(self):
    process = self.start(SLOW='1')
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, printed = process.communicate()
    self.assertEqual(process.returncode, -signal.SIGINT)
    self.assertNotIn('Traceback', printed)


if __name__ == '__main__':
  absltest.main()
