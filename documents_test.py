# SPDX-License-Identifier: Apache-2.0
"""Documents name files that are there."""

import pathlib
import re

from absl.testing import absltest

from tools import build_files

# The project itself, not a copy of some of its files.
_ROOT = pathlib.Path(build_files.__file__).resolve().parents[1]

# Such as `docs/theory.md`, and what comes behind as in `losses.py: full_loss`.
_SPAN = re.compile(r'`((?:\w[\w.-]*/)+[\w.-]+\.[a-z]\w*)(?::[^`/]*)?`')
_LINK = re.compile(r'\]\(([^)#:]+)(?:#[^)]*)?\)')
# What programs and users write, which is not committed.
_WRITTEN = ('build/', 'data/', 'reproduction/', 'runs/', 'tls/')
_WRITTEN_FILES = ('docs/report.html',)


class DocumentsTest(absltest.TestCase):

  def test_paths_in_code_and_links(self):
    missing = []
    for document in (*_ROOT.glob('*.md'), *_ROOT.glob('docs/*.md')):
      text = document.read_text(encoding='utf-8')
      name = document.relative_to(_ROOT)
      for path in _SPAN.findall(text):
        written = path.startswith(_WRITTEN) or path in _WRITTEN_FILES
        if not written and not (_ROOT / path).exists():
          missing.append(f'{name}: `{path}`')
      for path in _LINK.findall(text):
        if not (document.parent / path).exists():
          missing.append(f'{name}: ({path})')
    self.assertEmpty(missing)


if __name__ == '__main__':
  absltest.main()
