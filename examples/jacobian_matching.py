# SPDX-License-Identifier: Apache-2.0
"""Distils an image classifier on CIFAR-10 by matching Jacobians.

    ./bazelw run //sg:prepare_cifar10
    ./bazelw run //examples:jacobian_matching

A smaller network learns from a teacher what it says of a few images without
labels: its outputs alone, or also how they change with the pixels (Srinivas &
Fleuret, 2018; section 4.2 of the paper). The Jacobian, 10 by 3,072, is never
computed: each step compares its product with a random vector.

Axes: N images, S sizes, R seeds.
"""

from collections.abc import Sequence
import math
import os
import pathlib
import sys

from absl import app
from absl import flags
import keras
from matplotlib import figure as figure_lib
import numpy as np
import tensorflow as tf

import sobolev_training as sobolev

METHODS = ('outputs', 'outputs and Jacobians')
MEASURES = ('accuracy, %', 'agrees with the teacher, %', 'KL to it, nats')
_BATCH = 64
Examples = tuple[np.ndarray, np.ndarray]


def load(folder: pathlib.Path) -> tuple[Examples, Examples]:
  """Reads what `//sg:prepare_cifar10` wrote.

  Args:
    folder: with the six files of CIFAR-10's binary version.

  Returns:
    Images [N, 32, 32, 3] from -1 to 1 and labels [N], to train and to test.
  """
  def read(*names):
    records = np.concatenate([
        np.fromfile(folder / name, np.uint8).reshape(-1, 1 + 3 * 32 * 32)
        for name in names
    ])
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return images / np.float32(127.5) - 1, records[:, 0]

  train = [f'data_batch_{number}.bin' for number in range(1, 6)]
  return read(*train), read('test_batch.bin')


def make_network(shape: Sequence[int], *channels: int) -> keras.Model:
  """Returns a convolutional network from images to the logits of 10 classes."""
  layers = [keras.Input(shape)]
  for width in channels:
    layers += [
        keras.layers.Conv2D(width, 3, padding='same', activation='relu'),
        keras.layers.AveragePooling2D(2),
    ]
  return keras.Sequential(
      [*layers, keras.layers.Flatten(), keras.layers.Dense(10)]
  )


def train_teacher(data: Examples, width: int, epochs: int) -> keras.Model:
  """Trains a network on images and labels."""
  images, labels = data
  teacher = make_network(images.shape[1:], width, 2 * width, 4 * width)
  steps = epochs * math.ceil(len(images) / _BATCH)
  teacher.compile(
      keras.optimizers.Adam(_falling(steps)),
      keras.losses.SparseCategoricalCrossentropy(from_logits=True),
      jit_compile=False,
  )
  teacher.fit(images, labels, _BATCH, epochs, verbose=2)
  return teacher


def distil(
    method: str,
    teacher: keras.Model,
    images: np.ndarray,
    width: int,
    steps: int,
    alpha: float,
) -> keras.Model:
  """Trains a student on images without labels, by one of `METHODS`."""
  student = make_network(images.shape[1:], width, 2 * width, 4 * width)
  optimizer = keras.optimizers.Adam(_falling(steps))
  if method == METHODS[1]:
    model, data = sobolev.keras.Distiller(
        teacher, student, alpha=alpha, losses=('teacher_student', 'l2')
    ), images
    model.compile(optimizer, jit_compile=False)
  else:
    # But for a constant, the divergence that the distiller has too.
    probabilities = keras.ops.softmax(teacher.predict(images, verbose=0))
    model, data = student, (images, probabilities)
    model.compile(
        optimizer, keras.losses.CategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
  data = tf.data.Dataset.from_tensor_slices(data)
  data = data.shuffle(len(images)).repeat().batch(_BATCH)
  model.fit(data, steps_per_epoch=steps, shuffle=False, verbose=0)
  return student


def _falling(steps: int) -> keras.optimizers.schedules.CosineDecay:
  return keras.optimizers.schedules.CosineDecay(1e-3, steps)


def measure(
    teacher: keras.Model, student: keras.Model, data: Examples
) -> list[float]:
  """Returns the `MEASURES` of a student, on images it has not seen."""
  images, labels = data
  p, q = (
      np.asarray(keras.ops.log_softmax(model.predict(images, verbose=0)))
      for model in (teacher, student)
  )
  found = q.argmax(1)
  return [
      100 * float(np.mean(found == labels)),
      100 * float(np.mean(found == p.argmax(1))),
      float(np.mean(np.sum(np.exp(p) * (p - q), axis=1))),
  ]


def draw(
    sizes: Sequence[int], results: dict[str, np.ndarray], teacher: float
) -> figure_lib.Figure:
  """Draws the students' measures over the number of images.

  Args:
    sizes: [S], the images.
    results: of each method, [S, R, 3].
    teacher: its accuracy, %.
  """
  figure = figure_lib.Figure(figsize=(10, 3.4), layout='constrained')
  for k, (axes, name) in enumerate(
      zip(figure.subplots(1, 3), MEASURES, strict=True)
  ):
    for method, array in results.items():
      axes.errorbar(
          sizes, array[..., k].mean(1), array[..., k].std(1), marker='o',
          capsize=3, label=method,
      )
    axes.set(xscale='log', xlabel='images without labels', title=name)
    axes.set_xticks(sizes, sizes)
    axes.minorticks_off()
  figure.axes[0].axhline(teacher, color='black', ls='--', label='teacher')
  figure.axes[0].legend()
  return figure


def run(
    train: Examples,
    test: Examples,
    sizes: Sequence[int],
    seeds: int,
    epochs: int,
    steps: int,
    alpha: float,
    widths: tuple[int, int],
    output: pathlib.Path,
) -> dict[str, np.ndarray]:
  """Measures, prints and draws; see the flags."""
  keras.utils.set_random_seed(0)
  teacher = train_teacher(train, widths[0], epochs)
  accuracy = measure(teacher, teacher, test)[0]
  print(f'teacher: accuracy {accuracy:.1f} %', flush=True)
  results = {m: np.zeros([len(sizes), seeds, len(MEASURES)]) for m in METHODS}
  for i, size in enumerate(sizes):
    for method, array in results.items():
      for seed in range(seeds):
        rows = np.random.default_rng(seed).choice(len(train[0]), size, False)
        keras.utils.set_random_seed(seed)
        student = distil(
            method, teacher, train[0][rows], widths[1], steps, alpha
        )
        array[i, seed] = measure(teacher, student, test)
      print(f'{size} {method}:', ', '.join(
          f'{name} {mean:.2f}' + f' ± {std:.2f}' * (seeds > 1)
          for name, mean, std in zip(
              MEASURES, array[i].mean(0), array[i].std(0), strict=True
          )
      ), flush=True)
  draw(sizes, results, accuracy).savefig(output, dpi=100)
  return results


def main(_):
  os.chdir(os.environ.get('BUILD_WORKING_DIRECTORY', '.'))  # Under Bazel.
  values = flags.FLAGS
  output = pathlib.Path(values.output).resolve()
  output.parent.mkdir(parents=True, exist_ok=True)
  try:
    train, test = load(pathlib.Path(values.data))
  except FileNotFoundError as error:
    sys.exit(
        f'--data: {error.filename} is not there; `./bazelw run '
        '//sg:prepare_cifar10` (`python -m sg.data.prepare_cifar10`) gets it'
    )
  sizes = [int(size) for size in values.sizes]
  run(
      train, test, sizes, values.seeds, values.epochs, values.steps,
      values.alpha, (values.teacher_width, values.student_width), output,
  )
  print(output)


if __name__ == '__main__':
  flags.DEFINE_string('data', 'data/cifar10', 'The folder of CIFAR-10.')
  flags.DEFINE_list('sizes', ['500', '2000'], 'Images.')
  flags.register_validator(
      'sizes',
      lambda sizes: sizes and all(s.isdigit() and int(s) for s in sizes),
      'expected numbers above 0, such as 100,200',
  )
  flags.register_validator(
      'sizes',
      lambda sizes: all(int(s) <= 50_000 for s in sizes if s.isdigit()),
      'expected at most 50000, the training images of CIFAR-10',
  )
  flags.DEFINE_integer('seeds', 3, 'Students of each kind.', lower_bound=1)
  flags.DEFINE_integer('epochs', 4, 'Of the teacher.', lower_bound=1)
  flags.DEFINE_integer('steps', 600, "Of a student's weights.", lower_bound=1)
  flags.DEFINE_float('alpha', 1.0, 'Weight of the Jacobians.')
  flags.DEFINE_integer('teacher_width', 16, 'Channels of the first layer.')
  flags.DEFINE_integer('student_width', 8, 'Likewise.')
  flags.DEFINE_string(
      'output', 'runs/jacobian_matching.png', 'The figure to write.'
  )
  flags.register_validator(
      'output',
      lambda path: path.endswith(('.pdf', '.png', '.svg')),
      'expected a name that ends in .png, .pdf or .svg',
  )
  app.run(main)
