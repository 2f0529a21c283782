# SPDX-License-Identifier: Apache-2.0
"""Distillation in Keras by the paper's stochastic Sobolev loss (section 4.2).

  distiller = sobolev.keras.Distiller(teacher, student, alpha=0.1)
  distiller.compile('adam')
  distiller.fit(states)

The student learns to minimise, with g the log softmax of both outputs,

  KL(g_student(x) || g_teacher(x))
      + alpha E_v |D_x <g_teacher(x), v> - D_x <g_student(x), v>|

with v drawn anew for each example of each step, and a loss of labels if asked
to. It does not inherit from `keras.distillation.Distiller`, whose losses are
scalars: under a strategy they are multiplied by the number of replicas, and the
default one of Keras 3.15 takes logits for probabilities.

Axes: B batch, D... input, O... outputs, M projections.
"""

from collections.abc import Callable
from collections.abc import Sequence
import math
from typing import Any
from typing import TypeAlias

import keras
import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import distances
from sobolev_training import keras_steps
from sobolev_training import losses as losses_lib
from sobolev_training import projections

Activation: TypeAlias = str | Callable[[tf.Tensor], tf.Tensor]


def student_teacher(student: tf.Tensor, teacher: tf.Tensor) -> tf.Tensor:
  """KL(student || teacher) [B] of log probabilities, the paper's direction."""
  return _divergence(student, teacher)


def teacher_student(student: tf.Tensor, teacher: tf.Tensor) -> tf.Tensor:
  """KL(teacher || student) [B], the direction that is usual elsewhere."""
  return _divergence(teacher, student)


def _divergence(p: tf.Tensor, q: tf.Tensor) -> tf.Tensor:
  # What p never does (log p = -inf) adds nothing.
  log_ratio = tf.where(p > -math.inf, p - q, tf.zeros_like(p))
  return tf.reduce_sum(arrays.flat(tf.exp(p) * log_ratio), axis=1)


def _is_softmax(model: keras.Model) -> bool:
  """Whether a model is seen to end in a softmax."""
  last = (getattr(model, 'layers', None) or [None])[-1]
  return isinstance(last, keras.layers.Softmax) or (
      getattr(last, 'activation', None) is keras.activations.softmax
  )


def _is_log_probability(activation: Activation, model: keras.Model) -> bool:
  """Whether what an activation makes of a model's outputs sums up to 1."""
  axes = [axis or 3 for axis in getattr(model, 'output_shape', (None, 3))[1:]]
  probe = tf.reshape(tf.linspace(-1.0, 2.0, math.prod(axes)), [1, *axes])
  probe = tf.cast(probe, keras.config.floatx())
  total = tf.reduce_logsumexp(activation(probe), axis=-1)
  return bool(tf.reduce_all(abs(total) < 0.01))


# The paper's first.
_DIVERGENCES = {f.__name__: f for f in (student_teacher, teacher_student)}


@keras.saving.register_keras_serializable('sobolev_training')
class Distiller(keras_steps.Steps, keras.Model):
  """Trains a student on a teacher's outputs and their input gradients.

  Logged are `loss`; `order_0` and `order_1`, the two terms without alpha;
  `labels`, the loss of labels without its weight; and Keras's metrics.
  """

  def __init__(
      self,
      teacher: keras.Model,
      student: keras.Model,
      *,
      alpha: float = 0.1,
      losses: Sequence[str] = ('student_teacher', 'l2'),
      activation: Activation = 'log_softmax',
      label_weight: float = 0.0,
      count: int = 1,
      kind: str = 'sphere',
      seed: int = 0,
      **settings: Any,
  ):
    """Makes a distiller.

    Args:
      teacher: a Keras model from [B, D...] to [B, O...], such as to logits. It
        is frozen.
      student: a Keras model of the same inputs and outputs.
      alpha: weight of the Sobolev term, above 0.
      losses: of g and of its gradients: names in `distances`; the first may be
        `student_teacher` or `teacher_student`, the divergences. The paper's
        distance of gradients is not squared.
      activation: g, a function or a name in `keras.activations`: `linear`
        compares the outputs themselves. The divergences are of one that gives
        logarithms of probabilities, whose sum along the last axis is 1.
      label_weight: weight of the loss of labels, 0 or more. Above 0, `compile`
        takes `loss`, and `fit` labels.
      count: M, projections of each example; their losses are averaged.
      kind: of projections, a name in `projections`.
      seed: of the projections.
      **settings: as for `keras.Model`.

    Raises:
      ValueError: an argument does not fit; its message starts with the name.
    """
    keras_steps.require_model('teacher', teacher)
    keras_steps.require_model('student', student)
    settings.setdefault('dtype', student.dtype_policy)
    super().__init__(**settings)
    if not isinstance(losses, (list, tuple)) or len(losses) != 2:
      raise ValueError(f'losses: expected two names, got {losses!r}')
    known = ([*_DIVERGENCES, *distances.NAMES], distances.NAMES)
    for k, names in enumerate(known):
      if losses[k] not in names:
        raise ValueError(
            f'losses[{k}]: expected one of {", ".join(names)}, got '
            f'{losses[k]!r}'
        )
    projections.second_moment(kind, [1])  # Checks it.
    self._config = {
        'alpha': arrays.positive('alpha', alpha),
        'losses': list(losses),
        'activation': activation,
        'label_weight': arrays.number('label_weight', label_weight, 0),
        'count': arrays.integer('count', count, 1),
        'kind': kind,
        'seed': arrays.integer('seed', seed, tf.int32.min, tf.int32.max),
    }
    self._activation = keras_steps.activation(activation)
    if losses[0] in _DIVERGENCES and not _is_log_probability(
        self._activation, student
    ):
      raise ValueError(
          f'losses[0]: {losses[0]} compares log probabilities, which '
          f'activation does not give, {activation!r}; take log_softmax, or '
          'squared_l2'
      )
    frozen = set(map(id, teacher.weights))
    if any(id(weight) in frozen for weight in student.weights):
      raise ValueError(
          'student: shares weights with teacher, which are not trained; give '
          'it weights of its own'
      )
    for name, model in (('teacher', teacher), ('student', student)):
      if self._activation is keras.activations.log_softmax and _is_softmax(
          model
      ):
        raise ValueError(
            f'{name}: ends in a softmax, of which activation, log_softmax, '
            'would make nearly uniform probabilities; let it return logits'
        )
    self._label_loss, self._has_metrics = None, False
    teacher.trainable = False
    self.teacher, self.student = teacher, student

  def get_config(self) -> dict[str, Any]:
    """See `keras.Model`."""
    own = self._config | {'teacher': self.teacher, 'student': self.student}
    return super().get_config() | {
        name: keras.saving.serialize_keras_object(value)
        for name, value in own.items()
    }

  @classmethod
  def from_config(cls, config: dict[str, Any]) -> 'Distiller':
    """See `keras.Model`."""
    return cls(**{
        name: keras.saving.deserialize_keras_object(value)
        for name, value in config.items()
    })

  def compile(self, optimizer: Any = 'adam', loss: Any = None, **settings: Any):
    """Configures the distiller; see `keras.Model.compile`.

    Args:
      optimizer: as for `keras.Model`.
      loss: of labels, as for `keras.Model`, if `label_weight` is above 0.
      **settings: as for `keras.Model`; `metrics` compare labels and outputs.
    """
    weight = self._config['label_weight']
    if (loss is None) == (weight > 0):
      raise ValueError(
          f'loss: expected {"one of" if weight else "none, without"} labels, '
          f'as label_weight is {weight}, got {loss}'
      )
    super().compile(optimizer, **settings)
    self._has_metrics = bool(
        settings.get('metrics') or settings.get('weighted_metrics')
    )
    self._label_loss = None if loss is None else keras.losses.get(loss)
    names = ['order_0', 'order_1', *(['labels'] if weight else [])]
    self.step_metrics = keras_steps.StepMetrics(names)

  def get_compile_config(self) -> dict[str, Any]:
    """See `keras.Model`."""
    config = super().get_compile_config()
    if config:
      config['loss'] = keras.saving.serialize_keras_object(self._label_loss)
    return config

  def build(self, input_shape: Any):
    """See `keras.Model`."""
    for model in (self.teacher, self.student):
      if not model.built:
        model.build(input_shape)

  def call(self, x: tf.Tensor, training: bool | None = None) -> tf.Tensor:
    """The student's outputs [B, O...]."""
    return self.student(x, training=training)

  def step_loss(
      self, x: tf.Tensor, y: Any, sample_weight: Any, training: bool
  ) -> keras_steps.StepLoss:
    """The loss of each example; see `keras_steps`."""
    config = self._config
    x = arrays.points(x)
    outputs = []

    def student(points):
      outputs.append(self(points, training=training))  # Builds it.
      return self._activation(tf.cast(outputs[-1], x.dtype))

    def teacher(points):
      return self._activation(
          tf.cast(self.teacher(points, training=False), x.dtype)
      )

    first, second = config['losses']
    result = losses_lib.projected_loss(
        student, x, teacher, [self._projections(x, training)],
        weights=(1.0, config['alpha']),
        losses=(_DIVERGENCES.get(first, first), second),
    )
    losses = result.total
    metrics = {f'order_{k}': term for k, term in result.terms.items()}
    if self._label_loss is not None:
      metrics['labels'] = self._of_labels(y, outputs[0], losses.dtype)
      losses += config['label_weight'] * metrics['labels']
    if sample_weight is not None:
      weight = tf.reshape(tf.cast(sample_weight, losses.dtype), [-1])
      losses *= weight
      metrics = {name: weight * values for name, values in metrics.items()}
    return keras_steps.StepLoss(losses, outputs[0], metrics)

  def _of_labels(self, y, outputs, dtype) -> tf.Tensor:
    """Returns the loss [B] of labels."""
    if y is None:
      raise ValueError('y: expected labels, as label_weight is not 0, got None')
    y = tf.convert_to_tensor(y)
    if y.shape.rank == 1 and outputs.shape[1:] == [1]:
      y = y[:, None]  # As Keras does.
    sizes = list(zip(y.shape[1:], outputs.shape[1:], strict=False))
    if (
        y.dtype.is_floating
        and y.shape.rank == outputs.shape.rank
        and any(a != b and 1 in (a, b) for a, b in sizes)
    ):
      raise ValueError(
          f'y: expected labels of the shape {arrays.text(outputs)} of the '
          f'outputs, got {arrays.text(y)}; nothing is broadcast'
      )
    loss = self._label_loss
    each = loss.call(y, outputs) if hasattr(loss, 'call') else loss(y, outputs)
    if not each.shape.rank:
      raise ValueError(
          'loss: expected one of each example, [B, ...], got that of the batch'
      )
    return tf.reduce_mean(arrays.flat(tf.cast(each, dtype)), axis=1)

  def compute_metrics(
      self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
  ) -> dict[str, tf.Tensor]:
    """See `keras.Model`."""
    if y is None and self._has_metrics:
      raise ValueError('y: expected labels, as compile got metrics, got None')
    return super().compute_metrics(x, y, y_pred, sample_weight)

  def _projections(self, x: tf.Tensor, training: bool) -> tf.Tensor:
    """Draws v [M, B, O...], anew in each step of training."""
    numbers = [self._config['seed']]
    if training:
      replica = tf.distribute.get_replica_context().replica_id_in_sync_group
      numbers += [tf.convert_to_tensor(self.optimizer.iterations), replica]
    shapes = [
        list(model.compute_output_shape(tuple(x.shape))[1:])
        for model in (self.teacher, self.student)
    ]
    if shapes[0] != shapes[1]:
      raise ValueError(
          f'student: expected the shape {shapes[0]} of the outputs of teacher, '
          f'got {shapes[1]}'
      )
    return projections.sample(
        shapes[1],
        seed=projections.make_seed(*numbers),
        count=self._config['count'],
        batch_size=tf.shape(x)[0],
        kind=self._config['kind'],
        dtype=x.dtype,
    )
