# SPDX-License-Identifier: Apache-2.0
import pathlib
from unittest import mock

from absl.testing import absltest

from experiment import errors
from report import drawings
from report import output
from report import results as results_lib
from report.pages import judged as judged_lib
from report.rows import runs
from report.rows import synthetic_gradients as rows_lib
from report.rows import table
from sg import candidates
from sg import choices
from sg import presets
from sg import table1

TINY = {
    'image_size': 8, 'width': 2, 'module_channels': 2, 'aligned': 0,
    'epochs': 0.3, 'evaluations': 1,
}


class ChoicesTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.results = self.folder / 'results'

  def test_from_candidates_to_a_row_of_table_1(self):
    plan = choices.Sweep(
        preset='smoke-cifar10', methods=('critic',), seeds=(7,)
    )
    made = {'critic': (
        {'module_learning_rate': 1e-3},
        {'module_learning_rate': 1e-2, 'learning_rate': 1e30},
    )}
    given = {**TINY, 'validation': 100}
    path = self.results / candidates.Candidate.FILE
    with mock.patch.object(candidates, 'CANDIDATES', made):
      choices.run(plan, given, self.folder, self.results)
      before = path.read_bytes()
      logs = sorted(self.folder.rglob('log.txt'))
      self.assertLen(logs, 2)
      said = [log.read_text() for log in logs]
      # The same again starts nothing: one has finished, one has diverged.
      choices.run(plan, given, self.folder, self.results)
      self.assertEqual([log.read_text() for log in logs], said)
    self.assertEqual(path.read_bytes(), before)
    good, diverged = table.read(self.results, candidates.Candidate)
    self.assertEqual((good.learning_rate, good.chosen), (1e-3, 1))
    self.assertIsNotNone(good.validation_top1)
    self.assertEqual((diverged.learning_rate, diverged.chosen), (1e-2, 0))
    self.assertIsNone(diverged.validation_top1)
    self._check_report()
    final = table1.Sweep(
        preset='smoke-cifar10', methods=('critic',), seeds=1,
        choices=str(path), choices_case='synthetic/3',
    )
    table1.run(final, TINY, self.folder, self.results)
    (row,) = table.read(self.results, rows_lib.Accuracy)
    self.assertStartsWith(row.scale, 'smoke image_size=8')
    self.assertEndsWith(row.scale, 'chosen')
    commands = {r.run: r.command for r in table.read(self.results, runs.Run)}
    self.assertIn('--module_learning_rate=0.001', commands[row.run])

  def test_further_learning_rates_with_the_rest_as_chosen(self):
    given = {**TINY, 'validation': 100}
    scale = presets.label(
        'smoke-cifar10', presets.preset('smoke-cifar10', given), 'targets'
    )
    before = candidates.Candidate(
        scale, 'true', 'synthetic/3', 'sobolev', 'l2', 0.1, 3e-4, 7, 10, 1.0,
        0.0, 1.0, chosen=1,
    )
    table.merge(self.results, [
        before,
        before._replace(distance='huber', chosen=0),
        before._replace(targets='received', distance='l1'),
    ])
    plan = choices.Sweep(
        preset='smoke-cifar10', methods=('sobolev',), seeds=(7,),
        learning_rates=(2e-3,),
    )
    choices.run(plan, given, self.folder, self.results)
    found = table.read(self.results, candidates.Candidate)
    self.assertLen(found, 4)
    (made,) = [row for row in found if row.run]
    self.assertEqual(made[4:7], ('l2', 0.1, 2e-3))
    self.assertEqual([row for row in found if row.chosen][1:], [made])
    (run,) = table.read(self.results, runs.Run)
    self.assertIn('--distance=l2', run.command)
    self.assertIn('--gradient_weight=0.1', run.command)

  def _check_report(self):
    """What the report makes of the choices alone."""
    found = results_lib.read(self.results)
    judged = judged_lib.judge(found)
    made = {one.name: one for one in drawings.drawings(found, judged)}
    self.assertEqual(set(made), {'table1_choices_1'})
    axis = made['table1_choices_1'].make().axes[0]
    self.assertEqual(
        [label.get_text() for label in axis.get_yticklabels()],
        ['★ Critic, rate 0.001', 'Critic, rate 0.01, diverged'],
    )
    text = output.page(found, judged, set(made), self.folder)
    _, _, section = text.partition('### Choices')
    self.assertIn('figures/table1_choices_1.png', section)

  def test_needs_images_to_choose_by(self):
    with self.assertRaisesRegex(errors.UserError, '^--validation=0: '):
      choices.run(choices.Sweep(preset='smoke-cifar10'), {}, self.folder)

  def test_rows_of_table_1_need_the_test_set(self):
    with self.assertRaisesRegex(
        errors.UserError, '^--validation=5: expected 0'
    ):
      table1.run(
          table1.Sweep(preset='smoke-cifar10'),
          {'validation': 5}, self.folder,
      )


if __name__ == '__main__':
  absltest.main()
