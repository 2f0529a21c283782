# SPDX-License-Identifier: Apache-2.0
"""Calls with random arguments: a right result, or an error that names one.

Each call takes a public function with arguments that are right, puts something
else in the place of one or two of them, and compares with a slow NumPy
reference. Where the reference has no answer, the function must refuse.
"""

import math
import re
import warnings

from absl.testing import absltest
import numpy as np
import tensorflow as tf

import sobolev_training as sobolev
from sobolev_training import testing

A = np.random.default_rng(0).normal(size=[2, 3])
# Two differences, or roundings of sums of float32.
TOLERANCE = 1e-4


class NoAnswer(Exception):
  """The reference does not take such arguments."""


class Unsure(Exception):
  """The reference loses all digits."""


def real(array, *, floating=True):
  """Returns real numbers in float64, of what a function should take."""
  if isinstance(array, np.ma.MaskedArray):
    if np.ma.is_masked(array):
      raise NoAnswer
    array = array.data
  if isinstance(array, (tf.Tensor, tf.Variable)):
    array = array.numpy()
  if not isinstance(array, (np.ndarray, list, tuple, int, float, np.generic)):
    raise NoAnswer
  try:
    array = np.asarray(array)
  except ValueError:
    raise NoAnswer from None
  kinds = 'f' if floating else 'fiub'
  if array.dtype.kind not in kinds and array.dtype.name != 'bfloat16':
    raise NoAnswer
  return array.astype(np.float64)


def unmasked(array):
  """Likewise, where masks are taken and the reference has none."""
  if isinstance(array, np.ma.MaskedArray):
    raise Unsure
  return real(array, floating=False)


def require(condition):
  if not condition:
    raise NoAnswer


def model(x):
  """sin(x A), [B, 2] -> [B, 3]."""
  if x.shape.rank != 2 or x.shape[1] != 2:
    raise ValueError(f'x: expected [B, 2], got {x.shape}')
  return tf.sin(tf.einsum('bd,do->bo', x, tf.constant(A, x.dtype)))


def by_numpy(x):
  """Likewise."""
  if x.ndim != 2 or x.shape[1] != 2:
    raise ValueError(f'x: expected [B, 2], got {x.shape}')
  return np.sin(x @ A)


def orders_of(x, count):
  """Returns sin(x A) and its derivatives up to order 2, [B, 3, 2, 2]."""
  z = x @ A
  waves = np.sin(z), np.cos(z), -np.sin(z)
  axes = ('bo->bo', 'bo,do->bod', 'bo,do,eo->bode')
  return [
      np.einsum(axes[k], waves[k], *[A] * k) for k in range(count)
  ]


def points(x):
  x = real(x)
  require(x.ndim == 2 and x.shape[1] == 2)
  if np.any(abs(x) > 1e3):
    raise Unsure
  return x


def whole(value, least):
  try:
    value = value.__index__()
  except Exception:
    raise NoAnswer from None
  require(least <= value <= 2)
  return value


def tuple_of(values, length=None):
  require(isinstance(values, (tuple, list)))
  require(length is None or len(values) == length)
  return values


def weights_of(weights):
  found = [real(w, floating=False) for w in tuple_of(weights)]
  require(found and all(not w.ndim and 0 <= w < math.inf for w in found))
  require(any(w > 0 for w in found))
  if max(found) > 1e100:
    raise Unsure  # Roundings become large.
  return [float(w) for w in found]


def compared(predictions, target, weights, losses, masks, sampled):
  """Returns the total of a loss, [B], example by example."""
  weights = weights_of(weights)
  count = len(weights)
  if isinstance(losses, str):
    losses = (losses,) * count
  masks = (None,) * count if masks is None else masks
  tuple_of(losses, count), tuple_of(masks, count), tuple_of(target, count)
  require(len(predictions) >= count)
  total = 0
  for k, weight in enumerate(weights):
    require(isinstance(losses[k], str) and losses[k] in sobolev.distances.NAMES)
    prediction = predictions[k]
    known = np.ones(prediction.shape, bool)
    if masks[k] is not None:
      mask = masks[k].numpy() if tf.is_tensor(masks[k]) else masks[k]
      require(isinstance(mask, np.ndarray) and mask.dtype == bool)
      lead = prediction.ndim - (sampled and k > 0)
      require(mask.ndim in (1, lead))
      mask = mask.reshape(mask.shape + (1,) * (lead - mask.ndim))
      shape = prediction.shape[-lead:]
      require(all(m in (1, s) for m, s in zip(mask.shape, shape, strict=True)))
      known = np.broadcast_to(mask, prediction.shape)
    if not weight:
      continue
    array = unmasked(target[k])
    require(array.shape == prediction.shape)
    require(np.isfinite(array[known]).all())
    p, t = np.where(known, prediction, 0), np.where(known, array, 0)
    if not (sampled and k):
      p, t = p[None], t[None]
    each = [[
        testing.loss_of_example(losses[k], *pair)
        for pair in zip(*row, strict=True)
    ] for row in zip(p, t, strict=True)]
    total = total + weight * np.mean(each, axis=0)
  return total


def full_loss(x, target, weights, losses, masks):
  return compared(
      orders_of(points(x), 3), target, weights, losses, masks, False
  )


def vectors(v, axes, batch):
  """Returns vectors [M, B, *axes] of [M, *axes] or [M, B, *axes]."""
  v = real(v, floating=False)
  require(v.ndim and len(v))
  if list(v.shape[1:]) == axes:
    v = np.repeat(v[:, None], batch, 1)
  require(list(v.shape[1:]) == [batch, *axes])
  return v


def projected(x, projections):
  x = points(x)
  given = [
      vectors(v, [2] if j else [3], len(x))
      for j, v in enumerate(tuple_of(projections))
  ]
  require(len({len(v) for v in given}) < 2 and len(given) < 3)
  results, derivatives = orders_of(x, 1), orders_of(x, 3)
  for k in range(1, len(given) + 1):
    axes = ('', 'bod,mbo->mbd', 'bode,mbo,mbd->mbe')[k]
    results.append(np.einsum(axes, derivatives[k], *given[:k]))
  return results


def directional(x, directions):
  x = points(x)
  given = [vectors(u, [2], len(x)) for u in tuple_of(directions)]
  require(len({len(u) for u in given}) < 2 and len(given) < 3)
  results, derivatives = orders_of(x, 1), orders_of(x, 3)
  for k in range(1, len(given) + 1):
    axes = ('', 'bod,mbd->mbo', 'bode,mbd,mbe->mbo')[k]
    results.append(np.einsum(axes, derivatives[k], *given[:k]))
  return results


def differences(x, half_width, directions):
  x, half = points(x), real(half_width, floating=False)
  require(not half.ndim and not isinstance(half_width, bool))
  require(0 < half < math.inf)
  if not 1e-3 < half < 1e3:
    raise Unsure  # No digits may be left.
  given = np.eye(2)[:, None] if directions is None else (
      vectors(*tuple_of(directions, 1), [2], len(x))
  )
  ends = [(by_numpy(x + half * u), by_numpy(x - half * u)) for u in given]
  found = np.stack([(above - below) / (2 * half) for above, below in ends])
  if directions is None:
    found = np.moveaxis(found, 0, -1)
  return [by_numpy(x), found]


def projected_loss(x, target, projections, weights, losses, masks):
  tuple_of(projections, len(weights_of(weights)) - 1)
  return compared(
      projected(x, projections), target, weights, losses, masks, True
  )


def directional_loss(x, target, directions, weights, losses, masks):
  tuple_of(directions, len(weights_of(weights)) - 1)
  return compared(
      directional(x, directions), target, weights, losses, masks, True
  )


def fit(x, y):
  x, y = real(x, floating=False), real(y, floating=False)
  require(x.ndim and y.ndim and len(x) == len(y) and len(x))
  results = []
  for data in (x, y):
    require(np.isfinite(data).all())
    size = np.maximum(np.abs(data).max(0), np.finfo(float).tiny)
    unit = data / size
    constant = np.ptp(data, axis=0) == 0
    results += [
        np.where(constant, data[0], np.mean(unit, 0) * size),
        np.where(constant, 1, np.std(unit, 0) * size),
    ]
  return results


def balanced_weights(derivatives, masks):
  del masks
  found = [unmasked(d) for d in tuple_of(derivatives)]
  require(all(d.ndim and np.isfinite(d).all() and len(d) for d in found))
  found = [d - d.mean(0) if not k else d for k, d in enumerate(found)]
  sizes = [np.sum(d**2) / len(d) for d in found]
  require(np.isfinite(sizes).all())
  return [1 / size if size else 0 for size in sizes]


def distance(kind):
  def reference(prediction, target):
    prediction, target = real(prediction), real(target, floating=False)
    require(prediction.ndim and prediction.shape == target.shape)
    found = [
        testing.loss_of_example(kind, *pair)
        for pair in zip(prediction, target, strict=True)
    ]
    if not np.isfinite(found).all():
      raise Unsure
    return found

  return reference


def huber(prediction, target, delta):
  delta = real(delta, floating=False)
  require(not delta.ndim and 0 < delta < math.inf)
  prediction, target = real(prediction), real(target, floating=False)
  require(prediction.ndim and prediction.shape == target.shape)
  r = abs(prediction - target).reshape(len(target), -1)
  each = np.where(r < delta, r**2 / 2, delta * (r - delta / 2))
  return list(np.sum(each, 1))


def scaled(back):
  """Returns the reference of `Scaling.scale_inputs`, or of the way back."""
  def reference(x):
    x = unmasked(x)
    require(x.ndim and x.shape[1:] == (2,))
    if back:
      return [x * SCALING.x_scale + SCALING.x_mean]
    return [(x - SCALING.x_mean) / SCALING.x_scale]

  return reference


def scaled_outputs(back):
  """Likewise, of `Scaling.scale_outputs`."""
  def reference(derivatives):
    results = []
    for k, array in enumerate(tuple_of(derivatives)):
      if array is None:
        continue
      array, factor = unmasked(array), SCALING.y_scale
      for _ in range(k):
        factor = factor[..., None] / SCALING.x_scale
      require(array.shape[1:] == factor.shape)
      shift = 0 if k else SCALING.y_mean
      results.append(
          array * factor + shift if back else (array - shift) / factor
      )
    return results

  return reference


def known(result):
  return [part for part in result if part is not None]


def validate(x, recorded, masks):
  del masks
  x = real(x, floating=False)
  require(x.ndim and np.isfinite(x).all())
  shapes = [None if d is None else unmasked(d).shape
            for d in tuple_of(recorded)]
  first = next((k for k, s in enumerate(shapes) if s is not None), None)
  if first is None:
    return []
  outputs = shapes[first][1:len(shapes[first]) - first * (x.ndim - 1)]
  for k, (shape, array) in enumerate(zip(shapes, recorded, strict=True)):
    if shape is not None:
      require(shape == (len(x), *outputs, *x.shape[1:] * k))
      require(np.isfinite(real(array, floating=False)).all())
  return []


def validated(**arguments):
  sobolev.targets.validate(**arguments)
  return []


def piecewise(x, slope):
  """Returns value and gradient of a ReLU network, example by example."""
  x, slope = real(x, floating=False), real(slope, floating=False)
  require(x.ndim >= 2 and x.shape[-1] == 2 and not slope.ndim)
  require(math.isfinite(slope))
  (w, readout), (b, c) = NETWORK
  z = x @ w + b
  factor = np.where(z > 0, 1, slope)
  return [
      (factor * z) @ readout[:, 0] + c[0], (factor * readout[:, 0]) @ w.T
  ]


def piecewise_loss(x, slope):
  return [np.sum(np.square(part)) for part in piecewise(x, slope)]


def ask_piecewise_loss(**arguments):
  """Returns the loss by value and by gradient alone."""
  def loss(value, gradient):
    return tf.stack([tf.reduce_sum(value**2), tf.reduce_sum(gradient**2)])

  return list(sobolev.piecewise_linear.loss_and_parameter_gradients(
      NETWORK, loss_fn=loss, **arguments)[0])


def second_moment(kind, shape):
  if any(isinstance(n, int) and n > 2 for n in tuple_of(shape)):
    raise Unsure  # `whole` does not take it.
  axes = [whole(n, 1) for n in tuple_of(shape)]
  require(isinstance(kind, str) and kind in sobolev.projections.KINDS)
  return 1.0 if kind == 'rademacher' else 1.0 / math.prod(axes)


def sample_sizes(shape, seed, count, batch_size, kind, dtype):
  """Returns the squared length of vectors of `sample`, and their shape."""
  axes = [whole(n, 1) for n in tuple_of(shape)]
  require(isinstance(kind, str) and kind in sobolev.projections.KINDS)
  require(real(seed, floating=False).shape == (2,))
  require(np.asarray(seed).dtype.kind in 'iu')
  try:
    require(tf.as_dtype(dtype).is_floating)
  except TypeError:
    raise NoAnswer from None
  lead = [whole(count, 1)]
  lead += [] if batch_size is None else [whole(batch_size, 0)]
  length = math.prod(axes) if kind == 'rademacher' else 1
  return np.full(lead, length)


def ask_sample(**arguments):
  v = sobolev.projections.sample(**arguments)
  axes = range(1 + (arguments['batch_size'] is not None), v.shape.rank)
  return tf.reduce_sum(tf.cast(v, tf.float64) ** 2, list(axes))


X = np.random.default_rng(1).normal(size=[2, 2])
ORDERS = [d + 0.5 for d in orders_of(X, 3)]
ONES = np.ones([1, 3]), np.ones([1, 2])
SCALING = sobolev.scaling.fit(5 * X + 1, 3 * ORDERS[0] - 1)
NETWORK = sobolev.piecewise_linear.MLPParameters(
    [A, A.T[:, :1]], [A[0], A[0, :1]]
)
_WEIGHTS = {'weights': (1.0, 0.5), 'losses': 'squared_l2', 'masks': None}


def _of(f):
  """Returns a function as one of x and more, of the model f."""
  return lambda **arguments: f(model, **arguments)


# Function, its reference, and arguments that are right.
CALLS = {
    'full_loss': (
        lambda **a: sobolev.full_loss(model, **a).total, full_loss,
        {'x': X, 'target': tuple(ORDERS[:2]), **_WEIGHTS},
    ),
    'loss_and_gradients': (
        lambda **a: sobolev.loss_and_gradients(
            model, variables=[], **a)[0].total, full_loss,
        {'x': X, 'target': tuple(ORDERS[:2]), **_WEIGHTS},
    ),
    'projected_loss': (
        lambda **a: sobolev.projected_loss(model, **a).total, projected_loss,
        {'x': X, 'target': tuple(projected(X, ONES[:1])),
         'projections': ONES[:1], **_WEIGHTS},
    ),
    'directional_loss': (
        lambda **a: sobolev.directional_loss(model, **a).total,
        directional_loss,
        {'x': X, 'target': tuple(directional(X, ONES[1:])),
         'directions': ONES[1:], **_WEIGHTS},
    ),
    'loss_terms': (
        lambda **a: sobolev.loss_terms(
            [tf.constant(d) for d in orders_of(X, 2)], **a).total,
        lambda **a: full_loss(X, **a),
        {'target': tuple(ORDERS[:2]), **_WEIGHTS},
    ),
    'value_and_derivatives': (
        _of(sobolev.derivatives.value_and_derivatives),
        lambda x, order: orders_of(points(x), whole(order, 0) + 1),
        {'x': X, 'order': 1},
    ),
    'value_and_jacobian': (
        _of(sobolev.derivatives.value_and_jacobian),
        lambda x: orders_of(points(x), 2), {'x': X},
    ),
    'value_and_projected': (
        _of(sobolev.derivatives.value_and_projected), projected,
        {'x': X, 'projections': ONES},
    ),
    'value_and_directional': (
        _of(sobolev.derivatives.value_and_directional), directional,
        {'x': X, 'directions': (ONES[1],) * 2},
    ),
    'value_and_differences': (
        _of(sobolev.differences.value_and_differences), differences,
        {'x': X, 'half_width': 0.1, 'directions': ONES[1:]},
    ),
    'estimate_derivatives': (
        lambda **a: sobolev.finite_differences.estimate_derivatives(
            by_numpy, **a),
        lambda x, order, scheme, step: orders_of(
            points(x), whole(order, 0) + 1)[:1],
        {'x': X, 'order': 1, 'scheme': 'central', 'step': None},
    ),
    'estimate_directional': (
        lambda **a: sobolev.finite_differences.estimate_directional(
            by_numpy, **a)[:1],
        lambda x, directions: directional(x, directions)[:1],
        {'x': X, 'directions': (ONES[1],) * 2},
    ),
    'function': (
        lambda x, order: sobolev.targets.Function(model).full(x, order),
        lambda x, order: orders_of(points(x), whole(order, 0) + 1),
        {'x': X, 'order': 1},
    ),
    'fit': (sobolev.scaling.fit, fit, {'x': X, 'y': ORDERS[0]}),
    'scale_inputs': (
        lambda **a: [SCALING.scale_inputs(**a)], scaled(False), {'x': X}),
    'unscale_inputs': (
        lambda **a: [SCALING.unscale_inputs(**a)], scaled(True), {'x': X}),
    'scale_outputs': (
        lambda **a: known(SCALING.scale_outputs(**a)), scaled_outputs(False),
        {'derivatives': tuple(ORDERS)},
    ),
    'unscale_outputs': (
        lambda **a: known(SCALING.unscale_outputs(**a)), scaled_outputs(True),
        {'derivatives': tuple(ORDERS)},
    ),
    'validate': (
        validated, validate,
        {'x': X, 'recorded': tuple(ORDERS), 'masks': None},
    ),
    'huber': (
        lambda **a: list(sobolev.distances.huber(**a)), huber,
        {'prediction': ORDERS[0], 'target': ORDERS[0] - 0.1, 'delta': 0.05},
    ),
    'piecewise_linear': (
        lambda **a: list(
            sobolev.piecewise_linear.value_and_gradient(NETWORK, **a)),
        piecewise, {'x': X, 'slope': 0.1},
    ),
    'piecewise_linear_loss': (
        ask_piecewise_loss, piecewise_loss, {'x': X, 'slope': 0.1},
    ),
    'value_and_gradient': (
        lambda x: sobolev.derivatives.value_and_gradient(
            lambda x: model(x)[:, 0], x),
        lambda x: [part[:, 0] for part in orders_of(points(x), 2)],
        {'x': X},
    ),
    'balanced_weights': (
        sobolev.scaling.balanced_weights, balanced_weights,
        {'derivatives': tuple(ORDERS[:2]), 'masks': None},
    ),
    'second_moment': (
        sobolev.projections.second_moment, second_moment,
        {'kind': 'sphere', 'shape': [2]},
    ),
    'sample': (
        ask_sample, sample_sizes,
        {'shape': [2], 'seed': [1, 2], 'count': 1, 'batch_size': 2,
         'kind': 'sphere', 'dtype': tf.float64},
    ),
    'contract': (
        sobolev.contractions.contract,
        lambda derivatives, directions: directional(X, directions),
        {'derivatives': orders_of(X, 3), 'directions': (ONES[1],) * 2},
    ),
    'project': (
        sobolev.contractions.project,
        lambda derivatives, projections: projected(X, projections),
        {'derivatives': orders_of(X, 3), 'projections': ONES},
    ),
} | {
    kind: (
        getattr(sobolev.distances, kind), distance(kind),
        {'prediction': ORDERS[0], 'target': ORDERS[0] - 0.1},
    )
    for kind in sobolev.distances.NAMES
    if kind != 'huber'
}
# Their references answer for x alone.
_HELD = {
    'estimate_derivatives': ('scheme', 'step'), 'contract': ('derivatives',),
    'project': ('derivatives',), 'balanced_weights': ('masks',),
    'validate': ('masks',),
}


def strange(random, value):
  """Returns something in the place of an argument."""
  array = value if isinstance(value, np.ndarray) else X
  whole_pool = [
      None, 'text', b'text', 1.5, 1, -1, 0, True, 2**40, 1e300, math.nan, 1j,
      (), [], {}, set(), object(), model, np.float32(2), np.int64(1),
      tf.constant(1), tf.constant(1.0), tf.float32, tf.int32, 'sphere', 'l1',
      array * 1j, array.astype(str), array * 1e300, array * 1e-300, -array,
      array * math.nan, array * math.inf, array.astype(int), array > 0,
      array.astype(object), array[:1], array[:, :1], array[None], array.T,
      array[:0], array[0], np.zeros([]), array.tolist(), array.astype('f2'),
      array.astype('f4'), tf.constant(array), tf.Variable(array),
      tf.constant(array, tf.float16), tf.cast(array, tf.complex64),
      tf.sparse.from_dense(array), tf.RaggedTensor.from_tensor(array),
      np.ma.array(array), np.ma.array(array, mask=array > 0),
      tf.keras.optimizers.schedules.ExponentialDecay(1.0, 1, 0.5),
      (array,), (array, array), [1.0, 0.5, 0.1], (0.0, 0.0), (1.0,), (None,),
      np.array([True, False]), (np.array([True, False]), None),
  ]
  if isinstance(value, (tuple, list)) and value and random.random() < 0.6:
    # One entry of it.
    k = random.integers(len(value))
    return (*value[:k], strange(random, value[k]), *value[k + 1:])
  return whole_pool[random.integers(len(whole_pool))]


def outcome(name, arguments):
  """Returns what is wrong with a call, or None."""
  call, reference, right = CALLS[name]
  try:
    with np.errstate(all='ignore'):
      expected = reference(**arguments)
  except (NoAnswer, Unsure) as error:
    expected = error
  try:
    found = call(**arguments)
  except (TypeError, ValueError) as error:
    names = '|'.join([*right, 'x', 'model', 'f', 'predictions'])
    if re.match(rf'({names})[\[\]0-9]*: ', str(error)):
      return None
    return f'does not name the argument: {type(error).__name__}: {error}'
  except Exception as error:
    return f'raw {type(error).__name__}: {str(error)[:200]}'
  if isinstance(expected, Unsure):
    return None
  if isinstance(expected, NoAnswer):
    return f'accepted, gave {found}'
  if not isinstance(expected, list) or name in sobolev.distances.NAMES:
    expected, found = [expected], [found]
  tolerance = TOLERANCE
  if any(getattr(part, 'dtype', None) in (np.float16, tf.float16)
         for part in tf.nest.flatten(list(arguments.values()))):
    tolerance = 0.05
  # Differences are compared by their value alone.
  for one, other in zip(expected, found, strict=False):
    other = np.asarray(other, np.float64)
    if other.shape != np.shape(one) or not np.allclose(
        one, other, tolerance, tolerance, equal_nan=True
    ):
      return f'gave {other}, right {one}'
  return None


class CallsTest(absltest.TestCase):
  """Random calls.

  Attributes:
    calls: how many of each function.
  """

  calls = 12

  def test_right_arguments(self):
    for name, (call, _, right) in CALLS.items():
      with self.subTest(name):
        call(**right)
        self.assertIsNone(outcome(name, right))

  def test_random_arguments(self):
    for name, (_, _, right) in CALLS.items():
      for seed in range(self.calls):
        random = np.random.default_rng([seed, len(name), *name.encode()])
        arguments = dict(right)
        free = [a for a in right if a not in _HELD.get(name, ())]
        for _ in range(random.integers(1, 3)):
          key = free[random.integers(len(free))]
          arguments[key] = strange(random, right[key])
        with warnings.catch_warnings():
          warnings.simplefilter('ignore')
          problem = outcome(name, arguments)
        with self.subTest(f'{name} {seed}'):
          self.assertIsNone(problem, {
              key: value for key, value in arguments.items()
              if value is not right[key]
          })


if __name__ == '__main__':
  absltest.main()
