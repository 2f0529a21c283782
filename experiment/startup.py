# SPDX-License-Identifier: Apache-2.0
"""Imports TensorFlow without the notes that it prints.

    from experiment.startup import run_main

Programs that use TensorFlow import this before all else, and ruff keeps it
there: TensorFlow reads its environment at its import. `TF_CPP_MIN_LOG_LEVEL=0`
shows all that it has to say.
"""

from collections.abc import Iterator
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import threading

from experiment import errors

run_main = errors.run_main

# These come before it reads TF_CPP_MIN_LOG_LEVEL; the last one is an error on
# machines without a GPU.
_NOTES = (
    '^WARNING: All log messages before absl::InitializeLog|^[IW]0000 '
    '|^To enable the following instructions|failed call to cuInit'
)
_GPU_DEVICES = ('/dev/nvidiactl', '/dev/dxg')  # Of Linux and of WSL.


@contextlib.contextmanager
def _filtered() -> Iterator[None]:
  """Takes the notes out of standard error, which C++ writes to directly."""
  if os.environ['TF_CPP_MIN_LOG_LEVEL'] == '0' or sys.stderr is None:
    yield
    return
  sys.stderr.flush()
  stderr = os.dup(2)
  # Another process: what is printed before a crash comes through too.
  with subprocess.Popen(
      ['grep', '-vE', _NOTES], stdin=subprocess.PIPE, stdout=stderr
  ) as grep:
    os.dup2(grep.stdin.fileno(), 2)
    try:
      yield
    finally:
      os.dup2(stderr, 2)
      os.close(stderr)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
  """Lets Ctrl-C end the process without a traceback."""
  handler = signal.getsignal(signal.SIGINT)
  if (
      threading.current_thread() is not threading.main_thread()
      or handler is not signal.default_int_handler
  ):
    yield
    return
  signal.signal(signal.SIGINT, signal.SIG_DFL)
  try:
    yield
  finally:
    signal.signal(signal.SIGINT, handler)


def _import_tensorflow() -> None:
  import tensorflow as tf

  if not any(pathlib.Path(device).exists() for device in _GPU_DEVICES):
    tf.config.list_physical_devices()  # It looks for GPUs now, once.


if 'tensorflow' not in sys.modules:
  # TensorFlow's default is to use oneDNN on processors with VNNI only; its
  # convolutions are up to twice as fast on others.
  os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '1')
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
  with _filtered(), _interruptible():
    _import_tensorflow()
