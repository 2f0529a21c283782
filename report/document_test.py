"""Tests of documents as Markdown and as HTML."""

from html import parser

from absl.testing import absltest
from absl.testing import parameterized

from report import document

_BLOCKS = (
    document.Heading(2, 'Table 1: a title'),
    document.Paragraph('With `a < b`, **bold** and [a link](#there).'),
    document.Table(
        ('Claim', 'Verdict', 'Error'),
        [['It works', 'holds', '1.5'], ['It flies', 'not run', '']],
        numbers_from=2,
        cards=True,
    ),
    document.Figure('picture', 'Two "bars"', '<svg></svg>'),
)


class _Tags(parser.HTMLParser):
  """Checks that tags are closed in order, and collects them."""

  def __init__(self):
    super().__init__()
    self.open = []
    self.seen = []

  def handle_starttag(self, tag, attrs):
    self.open.append(tag)
    self.seen.append((tag, dict(attrs)))

  def handle_endtag(self, tag):
    assert self.open.pop() == tag, tag


class DocumentTest(parameterized.TestCase):

  def test_markdown(self):
    self.assertEqual(
        """## Table 1: a title

With `a < b`, **bold** and [a link](#there).

| Claim | Verdict | Error |
| --- | --- | --: |
| It works | **holds** | 1.5 |
| It flies | not run |  |

![Two "bars"](pictures/picture.png)
""",
        document.to_markdown(_BLOCKS, 'pictures'),
    )

  def test_html_is_well_formed(self):
    tags = _Tags()
    tags.feed(document.to_html(_BLOCKS))
    self.assertEmpty(tags.open)
    self.assertIn(('h2', {'id': 'table-1-a-title'}), tags.seen)
    self.assertIn(('table', {'class': 'cards'}), tags.seen)
    self.assertIn(('span', {'class': 'badge holds'}), tags.seen)
    self.assertIn(('span', {'class': 'badge not-run'}), tags.seen)
    self.assertIn(('td', {'data-label': 'Error', 'class': 'number'}), tags.seen)
    self.assertIn(
        ('figure', {'role': 'img', 'aria-label': 'Two "bars"'}), tags.seen
    )

  @parameterized.parameters(
      ('`a < b`', '<code>a &lt; b</code>'),
      ('**bold** & co', '<strong>bold</strong> &amp; co'),
      ('[text](to.md#x)', '<a href="to.md#x">text</a>'),
      ('p < 0.001', 'p &lt; 0.001'),
  )
  def test_inline(self, text, expected):
    self.assertEqual(expected, document.inline(text))

  @parameterized.parameters(
      ('Figure 2: regression', 'figure-2-regression'),
      ('Are they trained to the end?', 'are-they-trained-to-the-end'),
  )
  def test_slugs_are_those_of_github(self, text, expected):
    self.assertEqual(expected, document.slug(text))


if __name__ == '__main__':
  absltest.main()
