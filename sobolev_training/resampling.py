# SPDX-License-Identifier: Apache-2.0
"""Second derivatives of image resampling, which TensorFlow leaves out.

Resampling is linear: x -> R x has the gradient u -> R^T u, and the derivative
of that along t is R t, the resampled t. TensorFlow knows R^T, but not that R is
its derivative: for bilinear resampling it answers zero, for the other kinds
with an error (tensorflow #22208). While `differentiable` is open, its gradient
has one, so that Jacobians by columns, derivatives along directions, and the
training of derivatives are right through `tf.image.resize` and Keras's
UpSampling2D. The gradient itself is TensorFlow's.
"""

from collections.abc import Callable

import tensorflow as tf
from tensorflow.python.framework import ops as framework

from sobolev_training import replacing

# Gradients that have one now.
MENDED = frozenset([
    'ResizeBicubicGrad', 'ResizeBilinearGrad', 'ResizeNearestNeighborGrad',
    'ScaleAndTranslateGrad',
])


def _resize(kind: str, by_size: bool = False) -> Callable:
  """Returns the gradient of an operation (images, size) -> images."""

  def gradient(op, upstream):
    images = op.inputs[0]
    attributes = {
        name: op.get_attr(name)
        for name in ('align_corners', 'half_pixel_centers')
    }

    @tf.custom_gradient
    def pull(upstream):
      shape = (
          {'size': tf.shape(images)[1:3]} if by_size
          else {'original_image': images}
      )
      pulled = getattr(tf.raw_ops, f'{kind}Grad')(
          grads=upstream, **shape, **attributes
      )

      def push(tangent):
        return getattr(tf.raw_ops, kind)(
            images=tangent, size=tf.shape(upstream)[1:3], **attributes
        )

      return pulled, push

    return pull(upstream), None

  return gradient


def _scale_and_translate(op, upstream):
  """The gradient of (images, size, scale, translation) -> images."""
  images, _, scale, translation = op.inputs
  settings = {
      'scale': scale, 'translation': translation,
      'kernel_type': op.get_attr('kernel_type').decode(),
      'antialias': op.get_attr('antialias'),
  }

  @tf.custom_gradient
  def pull(upstream):
    # It has no float64, which the operation itself takes.
    pulled = tf.raw_ops.ScaleAndTranslateGrad(
        grads=upstream, original_image=tf.cast(images, tf.float32), **settings
    )

    def push(tangent):
      return tf.raw_ops.ScaleAndTranslate(
          images=tangent, size=tf.shape(upstream)[1:3], **settings
      )

    return tf.cast(pulled, images.dtype), push

  return pull(upstream), None, None, None


_GRADIENTS = {
    'ResizeBicubic': _resize('ResizeBicubic'),
    'ResizeBilinear': _resize('ResizeBilinear'),
    'ResizeNearestNeighbor': _resize('ResizeNearestNeighbor', by_size=True),
    'ScaleAndTranslate': _scale_and_translate,
}
for _kind, _gradient in _GRADIENTS.items():
  tf.RegisterGradient(f'Sobolev{_kind}')(_gradient)
_REGISTRY = framework.gradient_registry._registry  # pylint: disable=protected-access

# While it is open, gradients of resampling can be differentiated. What a tape
# records then stays so. Outside TensorFlow is what it was.
differentiable = replacing.Replacement(
    (_REGISTRY, {kind: _REGISTRY[f'Sobolev{kind}'] for kind in _GRADIENTS})
)
