"""Tests of what all figures share."""

import pathlib
import re

from absl.testing import absltest
from absl.testing import parameterized
from matplotlib import figure as figure_lib

from report import style


def _figure(theme=style.LIGHT):
  with style.settings(theme):
    figure = figure_lib.Figure((2, 1))
    axes = figure.subplots()
    axes.plot([0, 1], [1, 0], 'o-', color=theme.sobolev)
    axes.set_title('A title')
    return figure


def _luminance(colour):
  """The relative luminance of the web's accessibility guidelines."""
  parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
  linear = [
      p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
  ]
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(first, second):
  low, high = sorted((_luminance(first), _luminance(second)))
  return (high + 0.05) / (low + 0.05)


class StyleTest(parameterized.TestCase):

  @parameterized.parameters(style.LIGHT, style.DARK)
  def test_text_can_be_read(self, *colours):
    theme = style.Theme(*colours)
    # The guidelines' bound for text of any size.
    self.assertGreater(_contrast(theme.ink, theme.paper), 4.5)
    self.assertGreater(_contrast(theme.soft, theme.paper), 4.5)

  def test_methods_differ_in_grey(self):
    for theme in (style.LIGHT, style.DARK):
      lightness = [_luminance(theme.method(m)) for m in ('regular', 'sobolev')]
      self.assertGreater(abs(lightness[0] - lightness[1]), 0.08)

  def test_variants_have_the_colour_of_what_they_vary(self):
    self.assertEqual(
        style.LIGHT.direct_sg, style.LIGHT.method('direct_sg_plain')
    )
    self.assertEqual(style.DARK.ink, style.DARK.method('backprop'))

  def test_svg_keeps_the_numbers_in_its_text(self):
    def draw():
      figure = _figure()
      figure.axes[0].set_title('0.12345')
      return figure

    text = style.to_svg(draw, 'a')
    self.assertIn('>0.12345<', text)
    self.assertNotRegex(text, r'<path[^>]*\.\d{3}')

  def test_the_same_figure_is_the_same_bytes(self):
    for suffix in ('png', 'webp', 'pdf'):
      first, second = (style.to_bytes(_figure(), suffix, 50) for _ in range(2))
      self.assertEqual(first, second, msg=suffix)
    self.assertEqual(style.to_svg(_figure, 'a'), style.to_svg(_figure, 'a'))

  def test_save_takes_the_format_from_the_name(self):
    folder = pathlib.Path(self.create_tempdir())
    style.save(_figure(), folder / 'a.png', dpi=50)
    style.save(_figure(), folder / 'a.pdf')
    self.assertStartsWith((folder / 'a.png').read_bytes(), b'\x89PNG')
    self.assertStartsWith((folder / 'a.pdf').read_bytes(), b'%PDF')

  def test_svg_has_the_colours_of_the_page(self):
    text = style.to_svg(_figure, 'a')
    self.assertStartsWith(text, '<svg')
    self.assertEndsWith(text, '</svg>')
    for name in ('ink', 'soft', 'paper', 'sobolev'):
      self.assertIn(f'var(--{name})', text)
    for colour in style.LIGHT:
      self.assertNotIn(colour, text)
    self.assertIn('A title', text)

  def test_svg_takes_its_size_from_the_page(self):
    opening = style.to_svg(_figure, 'a').partition('>')[0]
    self.assertIn('viewBox', opening)
    self.assertNotRegex(opening, ' (width|height)=')

  def test_svgs_on_one_page_do_not_share_identifiers(self):
    first, second = (
        set(re.findall(' id="(.+?)"', style.to_svg(_figure, name)))
        for name in ('a', 'b')
    )
    self.assertNotEmpty(first)
    self.assertEmpty(first & second)

  def test_labels_of_a_logarithmic_axis(self):
    for ends, expected in (
        ((0.008, 5), [0.01, 0.03, 0.1, 0.3, 1, 3]),
        ((0.008, 50), [0.01, 0.1, 1, 10]),
    ):
      with style.settings():
        axes = figure_lib.Figure().subplots()
      axes.set_yscale('log')
      axes.set_ylim(*ends)
      style.decades(axes.yaxis, ends[1] / ends[0])
      shown = [k for k in axes.get_yticks() if ends[0] <= k <= ends[1]]
      for label, tick in zip(expected, shown, strict=True):
        self.assertAlmostEqual(label, tick)
      self.assertEqual('0.03', axes.yaxis.get_major_formatter()(0.03))

  def test_heading_tells_a_smaller_scale(self):
    self.assertEqual('Errors', style.heading('Errors', 'paper'))
    self.assertEqual('Errors (smoke scale)', style.heading('Errors', 'smoke'))


if __name__ == '__main__':
  absltest.main()
