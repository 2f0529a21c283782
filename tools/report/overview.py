"""The report's beginning and end: the claims, other artifacts, what was run."""

from collections.abc import Iterator
from collections.abc import Sequence

from sobolev_training.experiment import results
from tools.report import claims as claims_lib
from tools.report import document
from tools.report import evidence as evidence_lib
from tools.report import loading

NOT_RUN = evidence_lib.NOT_RUN

# What figure 4 and table 1 compare, in the paper's order.
_METHODS = {
    'regular': 'Regular',
    'backprop': 'Backprop',
    'noprop': 'Noprop',
    'direct_sg': 'Direct SG',
    'vfbn': 'VFBN',
    'critic': 'Critic',
    'sobolev': 'Sobolev',
}


def findings(
    found: loading.Results, scale: str | None
) -> dict[str, evidence_lib.Finding]:
  """What was found about each claim at a scale, by the claim's id."""
  if scale is None:
    nothing = evidence_lib.Finding(NOT_RUN, '')
    return {claim.id: nothing for claim in found.claims}
  return {
      claim.id: claims_lib.judge(claim, found.evidence[scale])
      for claim in found.claims
  }


def claims(
    found: loading.Results,
    chosen: Sequence[claims_lib.Claim],
    all_scales: bool = True,
) -> document.Table:
  """The table of some claims: the verdicts, and what was measured.

  Args:
    found: the results.
    chosen: which claims.
    all_scales: whether to tell the verdicts at scales that are not shown too.
  """
  shown = found.shown(found.scales())
  others = [s for s in found.scales() if s != shown] if all_scales else []
  by_scale = [findings(found, scale) for scale in (shown, *others)]
  return document.Table(
      (
          'The paper says',
          'Verdict',
          'Measured',
          *(f'At scale `{scale}`' for scale in others),
      ),
      [
          [
              claim.claim,
              *by_scale[0][claim.id],
              *(other[claim.id].verdict for other in by_scale[1:]),
          ]
          for claim in chosen
      ],
      cards=True,
  )


def tally(found: loading.Results) -> dict[str, int]:
  """How many claims have each verdict at the scale shown."""
  verdicts = [
      finding.verdict
      for finding in findings(found, found.shown(found.scales())).values()
  ]
  return {v: verdicts.count(v) for v in evidence_lib.VERDICTS if v in verdicts}


def summary(found: loading.Results) -> str:
  """The verdicts in a sentence."""
  scale = found.shown(found.scales())
  if scale is None:
    return f'None of the {len(found.claims)} claims of the paper was run yet.'
  counts = tally(found)
  words = ', '.join(f'{n} {_verb(verdict, n)}' for verdict, n in counts.items())
  return (
      f'Of {len(found.claims)} claims of the paper, judged at scale `{scale}`: '
      f'{words}.'
  )


def _verb(verdict: str, count: int) -> str:
  if verdict in (evidence_lib.UNDECIDED, NOT_RUN):
    return f'{"is" if count == 1 else "are"} {verdict}'.replace(
        'are not run', 'were not run'
    ).replace('is not run', 'was not run')
  if count == 1:
    return verdict
  return verdict.replace('holds', 'hold').replace('does', 'do')


def artifact(
    found: loading.Results, name: str, title: str, text: str
) -> Iterator[document.Block]:
  """Yields an artifact of rows: the paper's numbers, and ours at each scale.

  Args:
    found: the results.
    name: figure4 or table1.
    title: the heading.
    text: what the artifact is about.
  """
  yield document.Heading(2, title)
  yield document.Paragraph(text)
  sources = {'paper': [row for row in found.paper if row.artifact == name]}
  for scale, evidence in found.evidence.items():
    mine = [row for row in evidence.measured if row.artifact == name]
    if mine:
      sources[f'ours, scale `{scale}`'] = mine
  if len(sources) == 1:
    sources['ours'] = []
  everything = [row for listed in sources.values() for row in listed]
  methods = [m for m in _METHODS if m in {row.method for row in everything}]
  if not everything:
    yield document.Paragraph(
        'The paper gives no numbers, and nothing was run yet.'
    )
    return
  lines = []
  for case, metric in dict.fromkeys((r.case, r.metric) for r in everything):
    for source, listed in sources.items():
      cells = {
          row.method: row
          for row in listed
          if (row.case, row.metric) == (case, metric)
      }
      missing = '–' if source == 'paper' else NOT_RUN
      lines.append([
          case,
          metric,
          source,
          *(number(cells[m]) if m in cells else missing for m in methods),
      ])
  header = ['Case', 'Metric', 'Source', *(_METHODS[m] for m in methods)]
  yield document.Table(header, lines, numbers_from=3)


def number(row: results.Row) -> str:
  """A row's mean, deviation and seeds."""
  # Percentages as in the paper; others to three digits.
  digits = ('.1f', '.2f') if row.unit == '%' else ('.3g', '.2g')
  text = format(row.mean, digits[0])
  if row.std is not None:
    text += f' ± {row.std:{digits[1]}}'
  return text + (f' ({row.n})' if row.n else '')


def provenance(found: loading.Results) -> Iterator[document.Block]:
  """Yields what was run, where and how."""
  yield document.Heading(2, 'What was run')
  measured = [r for e in found.evidence.values() for r in e.measured]
  if not measured:
    yield document.Paragraph('Nothing yet: `./bazelw run //:reproduce`.')
    return
  groups: dict[tuple[str, ...], dict[tuple[str, str], float]] = {}
  for row in measured:
    key = (row.artifact, row.scale, row.command, row.commit, row.device)
    # Metrics of one case and method come from the same training.
    groups.setdefault(key, {})[row.case, row.method] = row.seconds or 0.0
  yield document.Table(
      ('Artifact', 'Scale', 'Command', 'Commit', 'Device', 'Training time'),
      [
          [
              name,
              scale,
              f'`{command}`',
              f'`{commit}`',
              device,
              _duration(sum(times.values())),
          ]
          for (name, scale, command, commit, device), times in groups.items()
      ],
      cards=True,
  )
  yield document.Paragraph(
      'Training time is that of all networks, one after the other.'
  )


def _duration(seconds: float) -> str:
  for unit, length in (('h', 3600), ('min', 60)):
    if seconds >= 2 * length:
      return f'{seconds / length:.1f} {unit}'
  return f'{seconds:.0f} s'


def rules(found: loading.Results) -> Iterator[document.Block]:
  """Yields how each verdict is decided."""
  yield document.Heading(2, 'How verdicts are decided')
  yield document.Paragraph(
      'Each claim has a rule, a function in `tools/report`, and thresholds '
      'that were written down beside it. `alpha` is the level of significance '
      "of a t-test on log10 errors after Holm's correction over all the cells "
      'that the claim is about; a cell is a function with a number of training '
      'points. With fewer seeds than `min_seeds`, a claim stays undecided.'
  )
  yield document.Table(
      ('The paper says', 'It holds when', 'Thresholds'),
      [
          [claim.claim, claims_lib.explanation(claim), f'`{claim.parameters}`']
          for claim in found.claims
      ],
      cards=True,
  )
