# SPDX-License-Identifier: Apache-2.0
"""Writes the report on how our results stand against the paper's.

    ./bazelw run //report

It reads results/*.csv alone and writes docs/results.md, docs/figures/*.png and
the block between `<!-- results: begin -->` and `end` in the README; with --html
also docs/report.html, one page with the figures in it. The same rows give the
same bytes.
"""

import dataclasses

from experiment import config
from experiment import errors
from experiment import run_folder
from report import output


@dataclasses.dataclass(frozen=True)
class Config:
  """What to read and write."""

  results: str = config.setting('results', 'The folder of the rows.')
  output: str = config.setting('docs', 'The folder to write the report to.')
  readme: str = config.setting(
      '',
      'The file whose block of results is written anew; by default README.md '
      'with the --output docs, else none.',
  )
  html: bool = config.setting(
      False, 'Whether to write report.html too, to open in a browser.'
  )


def run(settings: Config) -> None:
  """Writes the report and prints the paths of its files."""
  readme = settings.readme or ('README.md' if settings.output == 'docs' else '')
  for path in output.write(
      run_folder.resolve(settings.results),
      run_folder.resolve(settings.output),
      run_folder.resolve(readme) if readme else None,
      settings.html,
  ):
    print(path)


if __name__ == '__main__':
  config.define_flags(Config)
  errors.run_main(lambda _: run(config.from_flags(Config)))
