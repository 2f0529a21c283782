# SPDX-License-Identifier: Apache-2.0
"""The training of `regression.training` in PyTorch, eager, for one network."""

from collections.abc import Callable

import torch
from torch import nn

from regression import training


def _model(parameters: training.MLPParameters) -> nn.Sequential:
  """A network with the weights of one of ours, E = 1."""
  layers = []
  for weight, bias in zip(*parameters, strict=True):
    layer = nn.Linear(*weight.shape[1:])
    with torch.no_grad():
      layer.weight.copy_(torch.from_numpy(weight.numpy()[0].T))
      layer.bias.copy_(torch.from_numpy(bias.numpy()[0]))
    layers += [layer, nn.ReLU()]
  return nn.Sequential(*layers[:-1])


def _parameters(model, read) -> training.MLPParameters:
  """What `read` gives for each weight and bias, shaped as ours without E."""
  layers = model[::2]
  return training.MLPParameters(
      [read(layer.weight).numpy().T for layer in layers],
      [read(layer.bias).numpy() for layer in layers],
  )


def trainer(
    state: training.State, batches: training.Batches, method: training.Method
) -> Callable[[int], training.State]:
  """A function that trains for a number of steps, always from the start.

  Args:
    state: one of our networks, E = 1.
    batches: its data.
    method: whether and how much the gradients count, and Adam's learning rate.
  """
  arrays = (batches.x, batches.y, batches.gradient)
  x, y, gradient = (torch.from_numpy(a.numpy()[0]) for a in arrays)

  def loss_of(model):
    if not method.gradient_weight:
      return torch.mean((model(x)[:, 0] - y) ** 2)
    points = x.clone().requires_grad_()
    value = model(points)[:, 0]
    (value_gradient,) = torch.autograd.grad(
        value.sum(), points, create_graph=True
    )
    mismatch = torch.sum((value_gradient - gradient) ** 2, -1)
    return torch.mean((value - y) ** 2 + method.gradient_weight * mismatch)

  def run(steps):
    model = _model(state.parameters)
    optimizer = torch.optim.Adam(
        model.parameters(), method.learning_rate, fused=True
    )
    for _ in range(steps):
      optimizer.zero_grad()
      loss_of(model).backward()
      optimizer.step()
    moments = optimizer.state
    return training.State(
        _parameters(model, torch.Tensor.detach),
        _parameters(model, lambda p: moments[p]['exp_avg']),
        _parameters(model, lambda p: moments[p]['exp_avg_sq']),
    )

  return run
