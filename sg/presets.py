# SPDX-License-Identifier: Apache-2.0
"""The settings of an experiment of section 4.3, and named sets of them.

Marks as in docs/deviations.md.
"""

from collections.abc import Mapping
import dataclasses
from typing import Any

from experiment import config
from sg import decoupled
from sg.data import datasets
from sg.modules import methods
from sg.pipelined import cluster as cluster_lib
from sobolev_training import distances


@dataclasses.dataclass(frozen=True)
class Settings:
  """What the runs of a row of Table 1 share; defaults: its CIFAR-10 row."""

  dataset: str = config.setting(
      'cifar10', 'What to classify.', choices=datasets.NAMES
  )
  data: str = config.setting(
      '', "The data's folder; by default data/<dataset>.", affects_result=False
  )
  classes: int = config.setting(
      10, 'The classes of the data, which must have as many.', minimum=1
  )
  image_size: int = config.setting(
      32, 'Height and width of an image.', 'pixels', minimum=8
  )
  network: str = config.setting(
      'cifar10', 'The main network.', choices=('cifar10', 'resnet50')
  )
  width: int = config.setting(
      64, "Channels of the network's first layer.", source='64 [S, D]',
      minimum=1,
  )
  cuts: int = config.setting(
      3, 'Synthetic-gradient modules.', source='section 4.3 [V]', minimum=0
  )
  module_channels: int = config.setting(
      128, "Channels of a module's convolutions.", source='128 [M, S]',
      minimum=1,
  )
  stem_pooling: bool = config.setting(
      True, 'Whether ResNet-50 pools after its first convolution.',
      source='He et al. (2016) [S]',
  )
  zero_residuals: bool = config.setting(
      False,
      "Whether the last scale of each of ResNet-50's blocks starts at zero, so "
      'that the block starts as its shortcut.',
      source='False [O]; True: Goyal et al. (2017) [S]',
  )
  targets: str = config.setting(
      decoupled.TRUE,
      'What every module learns: the true loss and gradient, or what it '
      'receives from the segment above, as decoupled placement needs.',
      source='section 4.3: true [V]; Jaderberg et al.: received [S]',
      choices=decoupled.TARGETS,
  )
  distance: str = config.setting(
      'l1', 'The distance in the losses of modules that predict a loss.',
      source='L1 [M, S]', choices=distances.NAMES,
  )
  direct_sg_distance: str = config.setting(
      'squared_l2', "The distance in Direct SG's loss.",
      source='section 4.3 [V]', choices=distances.NAMES,
  )
  gradient_weight: float = config.setting(
      1.0,
      "Weight of Sobolev's gradient term, a sum over the activations.",
      source='section 4.3: 1 [V]; the sum [O], deviations 10',
      above=0,
  )
  validation: int = config.setting(
      0,
      'Training images to hold out and evaluate on, the test set left alone; 0 '
      'to train on all and evaluate on the test set.',
      'images',
      minimum=0,
  )
  epochs: float = config.setting(
      204.8,
      'Passes over the training set.',
      'epochs',
      '80,000 steps of 128 images [M, S]',
      above=0,
  )
  batch_size: int = config.setting(
      128, 'Batch size.', 'images', '128 [S]', minimum=1
  )
  learning_rate: float = config.setting(
      0.1, "SGD's learning rate before it drops.", source='0.1 [M, S]', above=0
  )
  drops: tuple[float, ...] = config.setting(
      (0.5, 0.75),
      "After which share of the steps SGD's learning rate drops to a tenth.",
      source='40,000 and 60,000 of 80,000 steps [M, S]',
      minimum=0,
      maximum=1,
  )
  warmup: float = config.setting(
      0,
      "Over how many epochs SGD's learning rate rises linearly from 0.",
      'epochs',
      'none [O]',
      minimum=0,
  )
  momentum: float = config.setting(
      0.9, "SGD's momentum.", source='0.9 [M, S]', minimum=0, maximum=1
  )
  l2: float = config.setting(
      5e-4, 'L2 penalty of the main network.', source='5e-4 [S]', minimum=0
  )
  module_learning_rate: float = config.setting(
      1e-4, "Adam's learning rate, for modules that predict a loss.",
      source='1e-4 [M, S]', above=0,
  )
  direct_sg_learning_rate: float = config.setting(
      3e-5, "Adam's learning rate, for Direct SG.",
      source='3e-5 [S: Jaderberg et al.]', above=0,
  )
  precision: str = config.setting(
      'float32',
      'What to compute in; weights are kept in float32. bfloat16 is fast on a '
      'GPU, a TPU or a CPU with AMX only.',
      source='[O]',
      choices=('float32', 'bfloat16'),
  )
  evaluations: int = config.setting(
      50, 'How often to evaluate, evenly spaced.', minimum=1
  )
  aligned: int = config.setting(
      128,
      'Of the images evaluated on, how many to compare gradients on; 0 for '
      'none.',
      minimum=0,
  )
  pipelined: bool = config.setting(
      False,
      'Whether the segments work at the same time, each on what the others '
      'sent one step ago.',
  )
  placement: tuple[str, ...] = config.setting(
      (),
      "TensorFlow's name of each segment's device, such as /CPU:1, /GPU:0 or, "
      'on a machine of --cluster, /job:worker/task:1/device:CPU:0; all on one '
      'by default.',
      affects_result=False,
  )
  cluster: tuple[str, ...] = config.setting(
      (),
      'host:port of every machine of --placement, this one first; the others '
      f'run //sg:worker. {cluster_lib.WARNING}.',
      affects_result=False,
  )
  replicas: int = config.setting(
      1,
      'Copies of the network that share each batch: devices of this machine, '
      'or the workers that the environment variable TF_CONFIG names, whose '
      'ports are as open as those of --cluster.',
      minimum=1,
  )
  threads: int = config.setting(
      0, 'Threads; 0 for all cores.', minimum=0, maximum=1024,
      affects_result=False,
  )
  checkpoint_seconds: float = config.setting(
      60, 'Time between checkpoints.', 's', above=0, affects_result=False
  )

  @property
  def split(self) -> str:
    """What the names of accuracies begin with: where they are from."""
    return 'validation_' if self.validation else ''


@dataclasses.dataclass(frozen=True)
class Config(Settings):
  """One run."""

  method: str = config.setting(
      'sobolev', 'How the segments below a cut learn.', source='Table 1',
      choices=tuple(methods.METHODS),
  )
  seed: int = config.setting(
      0, 'Of weights, order and augmentation.', minimum=0, maximum=10**9
  )

  @property
  def adam_learning_rate(self) -> float:
    """Adam's learning rate, for this method's modules."""
    return getattr(self, methods.METHODS[self.method].learning_rate)

  @property
  def module_distance(self) -> str:
    """The distance in the loss of this method's modules."""
    return getattr(self, methods.METHODS[self.method].distance)

  @staticmethod
  def upgrade(before: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of a run made when there were fewer; see `config`."""
    if 'true_loss' not in before:
      return before
    now = {
        'stem_pooling': True,
        'zero_residuals': False,
        'targets': decoupled.RECEIVED,
        'direct_sg_distance': before['distance'],
        'validation': 0,
        'warmup': 0,
        **before,
    }
    if not before['true_loss']:  # Else neither rule of targets is its own.
      del now['true_loss']
    return now


_RESNET50 = {
    'dataset': 'imagenet',
    'classes': 1000,
    'image_size': 224,
    'network': 'resnet50',
    'module_channels': 64,  # [M]
    'epochs': 100,  # [M]
    'batch_size': 32,  # [M]
    'drops': (0.3, 0.6, 0.9),  # [M]
    'l2': 1e-4,  # [M]
}
# Training that is a hundredth as long, of narrow networks: the paper's 0.1 made
# them diverge at the start, and CIFAR-10's modules move too little with 1e-4, a
# critic's too much with 1e-3 (with which Direct SG predicts noise, and
# ResNet-50's modules die) [O].
_LAPTOP_CIFAR10 = {
    'learning_rate': 0.02,
    'module_learning_rate': 3e-4,
    'direct_sg_learning_rate': 1e-4,
}
_NARROW_CIFAR10 = {
    **_LAPTOP_CIFAR10,
    'precision': 'bfloat16',
    'width': 16,
    'module_channels': 32,
}
# ResNet-50 at a quarter of its width, with maps of 32, 16, 8 and 4 pixels [O].
_OVERNIGHT_RESNET50 = {
    **_RESNET50,
    'classes': 10,
    'image_size': 64,
    'width': 16,
    'module_channels': 32,
    'stem_pooling': False,
    'zero_residuals': True,
    'batch_size': 128,
    'learning_rate': 0.05,
    'warmup': 3,
    'drops': (0.5, 0.75),
    'module_learning_rate': 3e-4,
    'direct_sg_learning_rate': 1e-4,
    'epochs': 30,
    'evaluations': 10,
}

# What a preset sets besides the defaults.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    'paper-cifar10': {},
    'paper-imagenet-1': {**_RESNET50, 'cuts': 1},
    'paper-imagenet-3': {**_RESNET50, 'cuts': 3},
    'choices-cifar10': {
        **_NARROW_CIFAR10, 'epochs': 6, 'evaluations': 6, 'validation': 5000
    },
    'laptop-cifar10': {**_NARROW_CIFAR10, 'epochs': 6, 'evaluations': 6},
    'overnight-cifar10': {**_NARROW_CIFAR10, 'epochs': 30, 'evaluations': 10},
    'overnight-imagenet-1': {**_OVERNIGHT_RESNET50, 'cuts': 1},
    'overnight-imagenet-3': {**_OVERNIGHT_RESNET50, 'cuts': 3},
    'smoke-cifar10': {
        **_LAPTOP_CIFAR10,
        'dataset': 'synthetic',
        'width': 4,
        'module_channels': 8,
        'epochs': 1,
        'evaluations': 2,
        'aligned': 16,
    },
}


def preset(name: str, given: Mapping[str, Any]) -> Settings:
  """A preset's settings, with those given in place of its own."""
  return Settings(**{**PRESETS[name], **given})


def label(name: str, settings: Settings, *free: str) -> str:
  """Names the scale of settings by a preset's, and by how they differ from it.

  Settings named by `free` make no other scale, nor does the precision, which
  depends on the processor: each row's command has it.
  """
  free = {one: getattr(settings, one) for one in ('precision', *free)}
  return config.label(name.split('-')[0], settings, preset(name, free))
