"""The report's beginning and end: the claims, and what was run."""

from collections.abc import Iterator
from collections.abc import Sequence

from experiment import results
from report import claims as claims_lib
from report import document
from report import evidence as evidence_lib
from report import loading

NOT_RUN = evidence_lib.NOT_RUN

# Of a mean and its deviation, by unit: percentages as in the paper, and games'
# points. Other units' have three digits.
_DIGITS = {'%': ('.1f', '.2f'), 'points': ('.1f', '.1f')}


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
    scales: Sequence[str | None] = (),
) -> document.Table:
  """The table of some claims: the verdicts, and what was measured.

  Args:
    found: the results.
    chosen: which claims.
    scales: where to judge them; columns of their own tell of all but the first.
      By default, the scale shown and then those at which there is something.
  """
  if not scales:
    artifacts = {claim.artifact for claim in chosen}
    there = {scale for name in artifacts for scale in found.scales(name)}
    shown = found.shown(found.scales())
    scales = [shown, *(s for s in found.scales() if s in there - {shown})]
  by_scale = [findings(found, scale) for scale in scales]
  header = ['The paper says', 'Verdict', 'Measured']
  for scale in scales[1:]:
    header += [f'At scale `{scale}`', f'Measured at scale `{scale}`']
  return document.Table(
      header,
      [
          [
              claim.claim,
              *(cell for judged in by_scale for cell in judged[claim.id]),
          ]
          for claim in chosen
      ],
      cards=True,
  )


def elsewhere(found: loading.Results) -> dict[str, list[claims_lib.Claim]]:
  """The claims that were not run at the scale shown, by where they were."""
  shown, *_ = judged = [found.shown(found.scales()), *found.scales()]
  by_scale = {scale: findings(found, scale) for scale in judged}
  where = {}
  for claim in found.claims:
    run = [s for s in judged if by_scale[s][claim.id].verdict != NOT_RUN]
    if run and run[0] != shown:
      where.setdefault(run[0], []).append(claim)
  return where


def tally(found: loading.Results) -> dict[str, int]:
  """How many claims have each verdict at the scale shown."""
  return _counts(found, found.claims, found.shown(found.scales()))


def _counts(found, chosen, scale) -> dict[str, int]:
  judged = findings(found, scale)
  verdicts = [judged[claim.id].verdict for claim in chosen]
  return {v: verdicts.count(v) for v in evidence_lib.VERDICTS if v in verdicts}


def summary(found: loading.Results) -> str:
  """The verdicts in a few words, a sentence a scale."""
  scale = found.shown(found.scales())
  if scale is None:
    return f'None of the {len(found.claims)} claims of the paper was run yet.'
  text = (
      f'Of {len(found.claims)} claims of the paper, judged at scale `{scale}`: '
      f'{_words(tally(found))}.'
  )
  for other, chosen in elsewhere(found).items():
    count = f'{len(chosen)} of these {"was" if len(chosen) == 1 else "were"}'
    text += (
        f' At scale `{other}`, which does not count as `{scale}`, {count} run: '
        f'{_words(_counts(found, chosen, other))}.'
    )
  return text


def _words(counts: dict[str, int]) -> str:
  return ', '.join(f'{n} {_verb(verdict, n)}' for verdict, n in counts.items())


def _verb(verdict: str, count: int) -> str:
  if verdict in (evidence_lib.UNDECIDED, NOT_RUN):
    return f'{"is" if count == 1 else "are"} {verdict}'.replace(
        'are not run', 'were not run'
    ).replace('is not run', 'was not run')
  if count == 1:
    return verdict
  return verdict.replace('holds', 'hold').replace('does', 'do')


def number(row: results.Row) -> str:
  """A row's mean, deviation and seeds."""
  digits = _DIGITS.get(row.unit, ('.3g', '.2g'))
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
      'Each claim has a rule, a function in `report`, and thresholds '
      'that were written down beside it. `alpha` is the level of significance '
      "of a t-test on log10 errors after Holm's correction over all the cells "
      'that the claim is about; a cell is a function with a number of training '
      "points. Rows of Figure 4 and Table 1 are compared by Welch's t-test; a "
      'cell is a case with a metric. With fewer seeds than `min_seeds`, a '
      'claim stays undecided: five, and three for Table 1, whose trainings are '
      'long. The test is valid with three, and only finds less. The paper does '
      'not tell the seeds of its Table 1, so its own numbers cannot be judged; '
      'with three seeds they would have the order that is claimed.'
  )
  yield document.Table(
      ('The paper says', 'It holds when', 'Thresholds'),
      [
          [claim.claim, claims_lib.explanation(claim), f'`{claim.parameters}`']
          for claim in found.claims
      ],
      cards=True,
  )
