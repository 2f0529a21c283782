# SPDX-License-Identifier: Apache-2.0
"""Copies on two logical devices, and in two processes on this machine."""

import csv
import json
import os
import pathlib

from absl.testing import absltest
import numpy as np
import tensorflow as tf

from experiment import errors
from experiment import testing as processes
from sg import decoupled
from sg import presets
from sg import table1_run
from sg import train as program
from sg import training
from sg.modules import methods
from sg.networks import networks
from sg.pipelined import replicas
from sg.pipelined import trainers
from sobolev_training import testing

CLASSES = 4
OPTIMISATION = training.Optimisation(
    learning_rate=0.125, momentum=0.9, drops=(), l2=0.0,
    module_learning_rate=0.02,
)
RANDOM = np.random.default_rng(5)
IMAGES = RANDOM.normal(size=(6, 6, 6, 2))
LABELS = RANDOM.integers(CLASSES, size=6, dtype=np.int32)
HALVES = (IMAGES[:3], LABELS[:3]), (IMAGES[3:], LABELS[3:])


def setUpModule():
  tf.config.set_logical_device_configuration(
      tf.config.list_physical_devices('CPU')[0],
      2 * [tf.config.LogicalDeviceConfiguration()],
  )
  tf.config.threading.set_intra_op_parallelism_threads(1)
  tf.config.threading.set_inter_op_parallelism_threads(1)


def parts():
  tf.random.set_seed(1)
  blocks = [networks.ConvBlock(3), networks.Head(CLASSES, average=True)]
  return networks.cut(blocks, (1,)), [
      methods.make('sobolev', 'cifar10', 3, CLASSES, 'squared_l2')
  ]


def train(copies, batches):
  """Makes one update for each batch; returns all variables and scalars.

  Without copies by the plain trainer.
  """
  if copies is None:
    trainer = training.Trainer(*parts(), OPTIMISATION)
    trainer.initialise(tf.constant(IMAGES[:2]))
  else:
    with copies.scope():
      trainer = trainers.Replicated(*parts(), OPTIMISATION, copies.mean)
      trainer.initialise(tf.constant(IMAGES[:2]))

  def train_step(*batch):
    return trainer.train_step(*batch, tf.constant(0, tf.int64))

  @tf.function(autograph=False)
  def step(*batch):
    return copies.run(train_step, *batch) if copies else train_step(*batch)

  scalars = [
      step(tf.constant(images), tf.constant(labels))
      for images, labels in batches
  ]
  return numbers(trainer), scalars


def numbers(trainer):
  return [
      v.numpy() for part in (*trainer.segments, *trainer.modules)
      for v in part.variables
  ]


class MirroredTest(absltest.TestCase):

  def test_copies_of_one_batch_are_one(self):
    twice = [
        [np.concatenate([part, part]) for part in batch] for batch in HALVES
    ]
    expected, scalars = train(None, HALVES)
    actual, found = train(replicas.Mirrored(['/CPU:0', '/CPU:1']), twice)
    testing.assert_close(actual, expected, testing.SAME_FLOAT64)
    self.assertEqual(set(found[0]), set(scalars[0]))
    for name, value in found[1].items():
      testing.assert_close(float(value), float(scalars[1][name]), 1e-6)

  def test_a_segment_may_count(self):
    copies = replicas.Mirrored(['/CPU:0', '/CPU:1'])
    with copies.scope():
      segments, modules = parts()
      count = tf.Variable(
          tf.zeros([], tf.int64), trainable=False,
          aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
      )
      segments[0].count = count
      trainer = trainers.Replicated(
          segments, modules, OPTIMISATION, copies.mean
      )
      trainer.initialise(tf.constant(IMAGES[:2]))

    @tf.function(autograph=False)
    def step(images, labels):
      def train(*batch):
        count.assign_add(1)
        return trainer.train_step(*batch, tf.constant(0, tf.int64))

      return copies.run(train, images, labels)

    step(tf.constant(IMAGES), tf.constant(LABELS))
    self.assertEqual(int(count.read_value()), 1)

  def test_parts_of_a_batch_are_averaged(self):
    actual, _ = train(
        replicas.Mirrored(['/CPU:0', '/CPU:1']), [(IMAGES, LABELS)]
    )
    after, gradients = [], []
    for images, labels in HALVES:
      segments, modules = parts()
      trainer = training.Trainer(segments, modules, OPTIMISATION)
      trainer.initialise(tf.constant(images))
      before = [v.numpy() for s in segments for v in s.trainable_variables]
      found = decoupled.step(
          segments, modules, tf.constant(images), tf.constant(labels)
      )
      gradients.append([g for part in found.segments for g in part.gradients])
      after.append([
          v.numpy() for s in segments for v in s.variables if not v.trainable
      ])
    descended = [
        v - 0.125 * (a + b) / 2
        for v, a, b in zip(before, *gradients, strict=True)
    ]
    averages = [(a + b) / 2 for a, b in zip(*after, strict=True)]
    for expected in [*descended, *averages]:
      self.assertTrue(
          any(
              a.shape == expected.shape and np.allclose(a, expected, atol=1e-12)
              for a in actual
          )
      )


def run(folder, **changes):
  """A tiny run with two copies."""
  settings = presets.Config(**{
      **presets.PRESETS['smoke-cifar10'], 'method': 'critic', 'width': 2,
      'module_channels': 2, 'batch_size': 256, 'replicas': 2, 'aligned': 0,
      'image_size': 8, 'evaluations': 1, 'threads': 1, 'precision': 'float32',
      **changes,
  })
  led = program.train(settings, folder, False, quiet=True)
  print('followed' if led is None else 'led')


def work(config, fails, changes, folder):
  """What a process does; the leader may fail inside its first step."""
  os.environ['TF_CONFIG'] = config
  if fails and not replicas.read_tf_config()[0]:
    table1_run.Table1Run._train = lambda *_: 1 / 0
  run(folder, **changes)


def losses(folder):
  with open(folder / 'metrics.csv', encoding='utf-8', newline='') as file:
    return [float(row['train_loss']) for row in csv.DictReader(file)]


class WorkersTest(absltest.TestCase):

  def test_one_leads_and_one_follows(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    said = self._run_workers(folder)
    self.assertEqual(said[1].splitlines()[-1], 'followed', said[1][-2000:])
    self.assertEqual(said[0].splitlines()[-1], 'led', said[0][-2000:])
    run(folder / 'mirrored')
    # Reductions in another order, in float32, over 8 steps.
    testing.assert_close(
        losses(folder / 'workers'), losses(folder / 'mirrored'), 1e-4
    )

  def test_all_end_when_the_leader_fails(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    said = self._run_workers(folder, fails=True)
    self.assertIn('ZeroDivisionError', said[0])
    self.assertRegex(said[1], 'lost .*task:0: start it again')

  def test_all_end_when_one_has_other_settings(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    for one in self._run_workers(folder, others={'learning_rate': 0.5}):
      self.assertRegex(one, 'Error: --replicas=2: worker 1 has other settings')

  def _run_workers(self, folder, fails=False, others=None):
    """What two processes said; the second may have other settings."""
    addresses = processes.free_addresses(2)
    started = []
    for index in range(2):
      config = {
          'cluster': {'worker': addresses},
          'task': {'type': 'worker', 'index': index},
      }
      started.append(processes.Process(
          folder / f'{index}.txt',
          work, json.dumps(config), fails, (others or {}) if index else {},
          folder / 'workers',
      ))
      self.addCleanup(started[-1].kill)
    for process in started:
      process.wait()
    return [process.output() for process in started]

  def test_says_what_is_wrong(self):
    config = {'cluster': {'worker': ['a:1', 'b:1']}, 'task': {'index': 1}}
    os.environ['TF_CONFIG'] = json.dumps(config)
    self.addCleanup(os.environ.pop, 'TF_CONFIG')
    with self.assertRaisesRegex(errors.UserError, 'TF_CONFIG has 2 workers'):
      replicas.Workers(3)
    config['cluster']['chief'] = ['c:1']
    os.environ['TF_CONFIG'] = json.dumps(config)
    with self.assertRaisesRegex(errors.UserError, 'TF_CONFIG: expected'):
      replicas.Workers(2)
    for text in ('{}', '', '[' * 100_000):
      os.environ['TF_CONFIG'] = text
      with self.assertRaisesRegex(errors.UserError, 'TF_CONFIG: expected'):
        replicas.read_tf_config()


if __name__ == '__main__':
  absltest.main()
