"""Made-up rows of table 1 during training, for tests."""

from report import table1_rows

# The accuracy that each method ends at with the first seed.
ENDS = {
    'backprop': 84.0,
    'noprop': 44.0,
    'direct_sg': 52.0,
    'vfbn': 66.0,
    'critic': 78.0,
    'sobolev': 79.0,
    'direct_sg_plain': 61.0,
}


def accuracies(
    case: str = 'cifar10/3', scale: str = 'laptop', seeds: int = 3
) -> list[table1_rows.Curve]:
  """Straight curves over four epochs; a seed is 1 % above the one before."""
  return [
      table1_rows.Curve(
          scale=scale,
          case=case,
          method=method,
          seed=seed,
          step=100 * epoch,
          epoch=epoch,
          top1=end * epoch / 4 + seed,
          top5=99.0,
          train_loss=None if method == 'noprop' else 1 / epoch,
      )
      for method, end in ENDS.items()
      for seed in range(seeds)
      for epoch in range(1, 5)
  ]


def alignment(
    case: str = 'cifar10/3', scale: str = 'laptop', seeds: int = 3
) -> list[table1_rows.Alignment]:
  """Of four methods, at the splits that the case's name tells."""
  return [
      table1_rows.Alignment(
          scale=scale,
          case=case,
          method=method,
          seed=seed,
          step=100 * epoch,
          epoch=epoch,
          split=split,
          cosine=0.1 * epoch + 0.01 * split + 0.1 * seed,
          norm_ratio=2.0**seed,
          loss_error=None if method == 'direct_sg' else 1 / epoch,
          asymmetry=0.8 + 0.1 * seed if method == 'direct_sg' else 1e-7,
          loss_pull=2.0 if method in ('critic', 'sobolev') else None,
          gradient_pull=None if method == 'critic' else 3.0,
      )
      for method in ('direct_sg', 'vfbn', 'critic', 'sobolev')
      for seed in range(seeds)
      for epoch in range(1, 5)
      for split in range(1, int(case.rpartition('/')[2]) + 1)
  ]
