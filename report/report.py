# SPDX-License-Identifier: Apache-2.0
"""Writes the report on how our results stand against the paper's.

    ./bazelw run //report

It reads results/*.csv alone and writes docs/results.md, docs/figures/*.png and
the block between `<!-- results: begin -->` and `end` in the README; with --html
also docs/report.html, one page with the figures in it. The same rows give the
same bytes.
"""

from absl import flags

from experiment import errors
from experiment import run_folder
from report import output

_RESULTS = flags.DEFINE_string('results', 'results', 'The folder of the rows.')
_OUTPUT = flags.DEFINE_string(
    'output', 'docs', 'The folder to write the report to.'
)
_README = flags.DEFINE_string(
    'readme',
    'README.md',
    'The file whose block of results is written anew; empty for none.',
)
_HTML = flags.DEFINE_bool(
    'html', False, 'Whether to write report.html too, to open in a browser.'
)


def main(_) -> None:
  """Writes the report and prints the paths of its files."""
  readme = run_folder.resolve(_README.value) if _README.value else None
  for path in output.write(
      run_folder.resolve(_RESULTS.value),
      run_folder.resolve(_OUTPUT.value),
      readme,
      _HTML.value,
  ):
    print(path)


if __name__ == '__main__':
  errors.run_main(main)
