"""Tests of which figures the report has."""

import pathlib

from absl.testing import absltest

from report import drawings
from report import figure4_rows
from report import figure4_testing
from report import loading
from report import table1_rows
from report import table1_testing as fake
from report import testing

_GAINS = {('booth', 20): 1.0, ('booth', 100): 1.0}


class DrawingsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir())
    testing.write_results(
        self.folder, testing.networks(_GAINS, 2, scale='laptop')
    )

  def test_all_figures(self):
    made = drawings.drawings(loading.read(self.folder))
    self.assertEqual(
        [
            'figure2',
            'figure2_gradients',
            'figure2_steps',
            'figure2_seconds',
            'figure3_styblinski_tang',
        ],
        [drawing.name for drawing in made],
    )

  def test_vectors_follow_the_page_and_surfaces_come_in_both_themes(self):
    made = drawings.drawings(loading.read(self.folder))
    bars, surfaces = made[0].block(), made[-1].block()
    self.assertIn('var(--sobolev)', bars.markup)
    self.assertIn('(laptop scale)', bars.markup)
    self.assertEqual(2, surfaces.markup.count('data:image/webp;base64,'))
    self.assertIn('prefers-color-scheme: dark', surfaces.markup)

  def test_files_have_the_figures_names(self):
    drawing = drawings.drawings(loading.read(self.folder))[0]
    drawing.save(self.folder)
    self.assertTrue((self.folder / 'figure2.png').exists())

  def test_figure4(self):
    for name, rows in (
        (figure4_rows.CURVES, figure4_testing.curves()),
        (figure4_rows.TEACHER_CURVES, figure4_testing.teacher_curves()),
    ):
      testing.write(self.folder / name, rows)
    *_, students, teachers = drawings.drawings(loading.read(self.folder))
    self.assertEqual(
        ['figure4', 'figure4_teachers'], [students.name, teachers.name]
    )
    self.assertIn('var(--sobolev)', students.block().markup)
    self.assertIn('(laptop scale)', students.block().markup)
    self.assertIn('Teachers during training', teachers.block().markup)

  def test_table1(self):
    for name, rows in (
        (table1_rows.CURVES, fake.accuracies()),
        (table1_rows.ALIGNMENT, fake.alignment()),
    ):
      testing.write(self.folder / name, rows)
    *_, curves, alignment = drawings.drawings(loading.read(self.folder))
    self.assertEqual(
        ['table1_curves', 'table1_alignment'], [curves.name, alignment.name]
    )
    for drawing in (curves, alignment):
      markup = drawing.block().markup
      self.assertIn('var(--critic)', markup)
      self.assertIn('(laptop scale)', markup)

  def test_only_what_was_run(self):
    (self.folder / 'figure2_curves.csv').unlink()
    (self.folder / 'figure3.csv').unlink()
    made = drawings.drawings(loading.read(self.folder))
    self.assertEqual(
        ['figure2', 'figure2_gradients'], [drawing.name for drawing in made]
    )
    (self.folder / 'figure2_networks.csv').unlink()
    self.assertEmpty(drawings.drawings(loading.read(self.folder)))


if __name__ == '__main__':
  absltest.main()
