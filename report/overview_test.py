"""Tests of the claims' table, and of what was run."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from experiment import results
from report import document
from report import loading
from report import overview
from report import testing


class OverviewTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir())

  def _read(self, *measured, networks=()):
    networks = list(networks) or testing.networks({('booth', 20): 1.0}, 1)
    testing.write_results(self.folder, networks)
    results.merge(self.folder / 'measured.csv', measured)
    return loading.read(self.folder)

  def _nothing(self):
    found = self._read()
    return loading.Results('auto', found.claims, found.paper, {}, [], [], [])

  def test_verdicts_at_the_scale_shown(self):
    gains = {cell: 1.5 for cell in testing.CELLS}
    networks = testing.networks(gains, 6, 'laptop')
    networks += testing.networks(gains, 1, 'smoke')
    found = self._read(networks=networks)
    table = overview.claims(found, found.claims)
    self.assertEqual(
        [
            'The paper says',
            'Verdict',
            'Measured',
            'At scale `smoke`',
            'Measured at scale `smoke`',
        ],
        table.header,
    )
    self.assertEqual(
        [
            found.claims[0].claim,
            'holds',
            '7 of 7 functions at all 3 sizes, 21 of 21 cells',
            'undecided',
            '1 seed, 5 needed',
        ],
        list(table.rows[0]),
    )
    short = overview.claims(found, found.claims[:2], ['smoke'])
    self.assertEqual(
        [(c.claim, 'undecided', '1 seed, 5 needed') for c in found.claims[:2]],
        list(map(tuple, short.rows)),
    )

  def _read_with_table1(self, n):
    """Figure 2 at scale paper, and CIFAR-10 as in the paper at scale laptop."""
    paper = results.read(testing.RESULTS / 'paper.csv')
    return self._read(*(
        testing.row('table1', r.case, r.method, r.metric, r.mean, 0.1, n, name)
        for r in paper
        for name in ('laptop', 'laptop epochs=1')
        if r.case == 'cifar10/3'
    ))

  def test_what_was_run_at_another_scale_alone(self):
    found = self._read_with_table1(n=3)
    by_scale = overview.elsewhere(found)
    self.assertEqual(['laptop'], list(by_scale))
    self.assertEqual({'table1'}, {c.artifact for c in by_scale['laptop']})
    self.assertEndsWith(
        overview.summary(found),
        '18 were not run. At scale `laptop`, which does not count as `paper`, '
        '6 of these were run: 3 hold, 3 are undecided.',
    )
    # They are told, and not counted.
    self.assertEqual(18, overview.tally(found)['not run'])
    (claim,) = (c for c in found.claims if c.id == 'ordering_cifar10')
    table = overview.claims(found, [claim])
    self.assertEqual(
        [
            claim.claim, 'not run', '',
            *['holds', '5 of 5 pairs of neighbours'] * 2,
        ],
        table.rows[0],
    )

  def test_claims_have_no_columns_for_scales_of_others(self):
    found = self._read_with_table1(n=3)
    chosen = [c for c in found.claims if c.artifact == 'figure2']
    self.assertLen(overview.claims(found, chosen).header, 3)

  def test_one_seed_is_not_enough_but_told(self):
    found = self._read_with_table1(n=1)
    (claim,) = (c for c in found.claims if c.id == 'far_better')
    (row,) = overview.claims(found, [claim], ['laptop']).rows
    self.assertEqual(
        [
            'undecided',
            'not enough seeds (1, 3 needed): cifar10/3 top1 sobolev 93.5, '
            'noprop 54.5, direct_sg 79.2',
        ],
        row[1:],
    )

  def test_summary_counts(self):
    gains = {cell: 1.5 for cell in testing.CELLS}
    found = self._read(networks=testing.networks(gains, 6, 'laptop'))
    tally = overview.tally(found)
    self.assertLen(found.claims, sum(tally.values()))
    self.assertEqual(12, tally['not run'])
    self.assertRegex(
        overview.summary(found),
        r'^Of 22 claims of the paper, judged at scale `laptop`: \d hold, .* do '
        'not hold, 12 were not run.$',
    )

  def test_nothing_was_run(self):
    found = self._nothing()
    self.assertEqual(
        'None of the 22 claims of the paper was run yet.',
        overview.summary(found),
    )
    self.assertEqual({'not run': 22}, overview.tally(found))
    (*_, last) = overview.provenance(found)
    self.assertIn('./bazelw run //:reproduce', last.text)

  @parameterized.parameters(
      ('table1', 'top1', 91.234, 0.5678, 3, '91.2 ± 0.57 (3)'),
      ('figure4', 'action_error', 7.0, None, 1, '7.0 (1)'),
      ('figure4', 'test_kl', 0.012345, 0.00123, 5, '0.0123 ± 0.0012 (5)'),
      ('figure4', 'student_score', 1234.56, 78.9, 5, '1234.6 ± 78.9 (5)'),
      ('table1', 'top1', 93.5, 0.01, None, '93.5 ± 0.01'),
  )
  def test_numbers(self, artifact, metric, mean, std, n, text):
    row = testing.row(artifact, 'a/1', 'sobolev', metric, mean, std, n)
    self.assertEqual(text, overview.number(row))

  def test_what_was_run(self):
    networks = testing.networks({('booth', 20): 1.0, ('booth', 100): 1.0}, 1)
    (_, table, _) = overview.provenance(self._read(networks=networks))
    # Four trainings of 30 s each, with two metrics.
    self.assertEqual(
        [
            [
                'figure2', 'paper', '`python -m some.program`',
                '`0123456789ab`', 'a computer', '2.0 min',
            ]
        ],
        table.rows,
    )

  def test_rules_tell_their_thresholds(self):
    (*_, table) = overview.rules(self._nothing())
    self.assertIsInstance(table, document.Table)
    self.assertLen(table.rows, 22)
    self.assertIn('need=6; partly=4', table.rows[0][2])
    self.assertEqual(
        "Sobolev's test error is significantly lower, at every one of `sizes`.",
        table.rows[0][1],
    )


if __name__ == '__main__':
  absltest.main()
