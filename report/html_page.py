# SPDX-License-Identifier: Apache-2.0
"""The report as one HTML page, made from its Markdown.

Raw HTML in the Markdown is escaped, and links go to the web or to files beside
the page: no row can bring a script into it.
"""

import base64
import html
import pathlib
import re
import string

import markdown

_SAFE = re.compile(r'(https://|#|figures/[\w.-]+\.png$|[\w.-]+\.md$)')


def page(text: str, title: str, folder: pathlib.Path) -> str:
  """A page that needs no other file.

  Args:
    text: Markdown.
    title: the page's title.
    folder: where the figures are that the text names.
  """
  converter = markdown.Markdown(extensions=['tables', 'toc'])
  converter.preprocessors.deregister('html_block')
  converter.inlinePatterns.deregister('html')
  body = converter.convert(re.sub(r'^<!--.*?-->$', '', text, flags=re.M))
  body = re.sub(
      r'(src|href)="([^"]*)"', lambda m: _link(m[1], m[2], folder), body
  )
  body = body.replace('<table>', '<div class="scroll"><table>')
  body = body.replace('</table>', '</table></div>')
  template = pathlib.Path(__file__).with_name('page.html').read_text('utf-8')
  return string.Template(template).substitute(
      title=html.escape(title), body=body
  )


def _link(attribute: str, target: str, folder: pathlib.Path) -> str:
  """A link with its image in it; without a target that is not ours."""
  if not _SAFE.match(html.unescape(target)):
    return f'{attribute}="#"'
  path = folder / target
  if attribute == 'src' and path.is_file():
    content = base64.b64encode(path.read_bytes()).decode()
    return f'src="data:image/png;base64,{content}"'
  return f'{attribute}="{target}"'
