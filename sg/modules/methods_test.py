# SPDX-License-Identifier: Apache-2.0
"""The modules against closed forms and loops."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sg.modules import direct_sg
from sg.modules import interface
from sg.modules import loss_predictor
from sg.modules import methods
from sg.networks import layers
from sobolev_training import testing
from theory import gradient_fields

BATCH, CLASSES = 3, 4
LEARNING = ('direct_sg', 'direct_sg_plain', 'vfbn', 'critic', 'sobolev')
RANDOM = np.random.default_rng(5)
H = tf.constant(RANDOM.normal(size=(BATCH, 4, 4, 2)))
LABELS = tf.constant([3, 0, 1])


def make(method, network='cifar10', **settings):
  tf.random.set_seed(2)
  return methods.make(method, network, 3, CLASSES, **settings)


def log_loss_by_loop(logits, labels):
  return [
      np.log(np.sum(np.exp(row))) - row[label]
      for row, label in zip(logits, labels, strict=True)
  ]


class MethodsTest(parameterized.TestCase):

  @parameterized.parameters('cifar10', 'resnet50')
  def test_the_signal_is_a_log_loss_and_its_gradient(self, network):
    module = make('sobolev', network)
    signal = module(H, LABELS)
    predictor = module._predictor
    testing.assert_close(
        signal.loss,
        log_loss_by_loop(predictor(H).numpy(), LABELS.numpy()),
        testing.SAME_FLOAT64,
    )

    def total(h):
      return np.sum(
          log_loss_by_loop(predictor(tf.constant(h)).numpy(), LABELS.numpy())
      )

    testing.assert_close(
        signal.gradient,
        testing.central_difference(total, H.numpy()),
        testing.CENTRAL_DIFFERENCE,
    )

  def test_predictors_have_the_layers_of_the_supplement(self):
    for network, shapes in (
        ('cifar10', [[3, 3, 2, 128], [4 * 4 * 128, 10], [10]]),
        ('resnet50', [[3, 3, 2, 64], [3, 3, 64, 64], [64, 10], [10]]),
    ):
      channels = shapes[0][-1]
      module = methods.make('critic', network, channels, 10)
      module(H, LABELS)
      self.assertCountEqual(
          [v.shape.as_list() for v in module.trainable_variables], shapes
      )

  @parameterized.parameters(*LEARNING)
  def test_which_fields_are_gradients(self, method):
    """Proposition 4: the Jacobian of a gradient field is symmetric."""
    module = make(method)
    module(H, LABELS)
    for variable in module.trainable_variables:  # Direct SG starts at zero.
      noise = np.random.default_rng(1).normal(size=variable.shape)
      variable.assign_add(noise)
    # Batch norm couples the examples: with one, the Jacobian is exact.
    found = gradient_fields.jacobian_asymmetry(
        lambda h: module(h, LABELS[:1]).gradient, H[:1]
    ).fraction
    if method.startswith('direct'):
      self.assertGreater(found, 0.1)
    else:
      self.assertLess(found, 1e-25)

  @parameterized.parameters(
      ('critic', True, False), ('vfbn', False, True), ('sobolev', True, True),
      ('direct_sg', False, True),
  )
  def test_the_error_is_what_table_1_draws(self, method, loss, gradient):
    made = RANDOM.normal(size=(2, 3)), RANDOM.normal(size=(2, 3, 3))
    came = RANDOM.normal(size=(2, 3)), RANDOM.normal(size=(2, 3, 3))
    for distance in ('l1', 'squared_l2'):
      module = make(method, distance=distance, gradient_weight=0.5)
      found = module.error(
          interface.Signal(tf.constant(made[0][0]), tf.constant(made[1][0])),
          interface.Signal(tf.constant(came[0][0]), tf.constant(came[1][0])),
      ).total
      for b in range(3):
        expected = 0.0
        if loss:
          expected += testing.loss_of_example(
              distance, made[0][0][b], came[0][0][b]
          )
        if gradient:
          weight = 0.5
          expected += weight * testing.loss_of_example(
              distance, made[1][0][b], came[1][0][b]
          )
        testing.assert_close(found[b], expected, testing.SAME_FLOAT64)

  def test_direct_sg_starts_at_zero_and_may_see_the_labels(self):
    for method, differs in (('direct_sg', True), ('direct_sg_plain', False)):
      module = make(method)
      self.assertFalse(np.any(module(H, LABELS).gradient))
      module._last.w.assign(RANDOM.normal(size=module._last.w.shape))
      one, other = (
          module(H, labels).gradient for labels in (LABELS, LABELS[::-1])
      )
      self.assertIsNone(module(H, LABELS).loss)
      self.assertEqual(np.any(one != other), differs)

  def test_noprop_and_backprop_predict_nothing(self):
    for method, locked in (('noprop', False), ('backprop', True)):
      module = make(method)
      self.assertEqual(module(H, LABELS), (None, None))
      self.assertEqual((module.learns, module.locked), (False, locked))

  def test_every_method_is_there(self):
    self.assertIsInstance(make('direct_sg'), direct_sg.DirectSG)
    for method in ('vfbn', 'critic', 'sobolev'):
      self.assertIsInstance(make(method), loss_predictor.LossPredictor)
    files = {
        path.stem
        for path in pathlib.Path(methods.__file__).parent.glob('*.py')
        if '\nMETHOD = ' in path.read_text()
    }
    self.assertEqual(set(methods.METHODS), files)

  def test_methods_can_be_told_apart(self):
    for name in ('title', 'colour'):
      values = [getattr(method, name) for method in methods.METHODS.values()]
      self.assertLen(set(values), len(values))

  def test_names_what_it_does_not_know(self):
    with self.assertRaisesRegex(ValueError, "method: .*sobolev.*'dni'"):
      make('dni')
    with self.assertRaisesRegex(ValueError, "network: .*resnet50, got 'vgg'"):
      make('critic', 'vgg')

  def test_in_bfloat16_the_loss_is_float32(self):
    module = make('sobolev')
    signal = module(tf.cast(H, tf.bfloat16), LABELS)
    self.assertEqual(signal.loss.dtype, layers.wide(tf.bfloat16))
    self.assertEqual(signal.gradient.dtype, tf.bfloat16)
    self.assertEqual(module.error(signal, signal).total.dtype, tf.float32)


if __name__ == '__main__':
  absltest.main()
