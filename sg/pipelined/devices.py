# SPDX-License-Identifier: Apache-2.0
"""Where a training step runs: the devices, and who has what part."""

from collections.abc import Sequence
import os

import tensorflow as tf

from experiment import errors
from sg import presets
from sg.pipelined import cluster
from sg.pipelined import replicas


def follows(settings: presets.Settings) -> bool | None:
  """Whether another process leads this one; None if it is the only one."""
  if settings.replicas > 1 and 'TF_CONFIG' in os.environ:
    task, _ = replicas.read_tf_config()
    return task > 0
  return None


def prepare(settings: presets.Settings) -> replicas.Copies | None:
  """Makes or connects the devices that the settings ask for.

  Call it before TensorFlow computes anything.

  Returns:
    The copies of the network; None for one.

  Raises:
    UserError: settings that do not go together, or devices that are not there.
  """
  _check(settings)
  gpus = [d.name for d in tf.config.list_physical_devices('GPU')]
  if follows(settings) is not None:
    return replicas.Workers(settings.replicas)
  if settings.replicas > 1:
    kind = 'GPU' if gpus else 'CPU'
    names = [f'/{kind}:{k}' for k in range(settings.replicas)]
    _make_cpus(names)
    _check_names(names, '--replicas')
    return replicas.Mirrored(names)
  _make_cpus(settings.placement)
  if settings.cluster:
    cluster.connect(settings.cluster)
  _check_names(settings.placement, '--placement')
  return None


def _check(settings: presets.Settings) -> None:
  """Raises UserError for settings that do not go together."""
  if settings.batch_size % settings.replicas:
    raise errors.UserError(
        f'--batch_size={settings.batch_size}: expected a multiple of '
        f'--replicas={settings.replicas}'
    )
  if settings.replicas > 1 and settings.pipelined:
    raise errors.UserError(
        f'--replicas={settings.replicas}: expected 1 with --pipelined'
    )
  if settings.placement and not settings.pipelined:
    raise errors.UserError('--placement: only with --pipelined; give that too')
  if settings.cluster and not settings.placement:
    raise errors.UserError(
        '--cluster: only with --placement, which says what runs where'
    )


def _make_cpus(names: Sequence[str]) -> None:
  """Makes as many logical CPUs of this process as the names speak of."""
  try:
    specs = [tf.DeviceSpec.from_string(name) for name in names]
  except ValueError:  # `_check_names` reports it.
    return
  own = [s for s in specs if s.job is None and s.device_type == 'CPU']
  highest = max([spec.device_index or 0 for spec in own], default=0)
  if highest:
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices('CPU')[0],
        (highest + 1) * [tf.config.LogicalDeviceConfiguration()],
    )


def _check_names(names: Sequence[str], setting: str) -> None:
  """Raises UserError for a name that is no device's."""
  there = [d.name for d in tf.config.list_logical_devices()]
  for name in names:
    if not any(_is_called(device, name) for device in there):
      raise errors.UserError(
          f'{setting}: no device {name}; there are {", ".join(there)}'
      )


def _is_called(device: str, name: str) -> bool:
  """Whether a name, which may leave parts out, is a device's."""
  device = tf.DeviceSpec.from_string(device)
  try:
    return device.make_merged_spec(tf.DeviceSpec.from_string(name)) == device
  except ValueError:
    return False
