"""Writes the report on how our results stand against the paper's.

    ./bazelw run //report

It reads results/*.csv alone and writes docs/results.md, docs/figures/*.png,
docs/report.html (one file, with the figures in it), and the blocks between
`<!-- results: begin -->` and `end` in the README and `<!-- choices: begin -->`
and `end` in docs/deviations.md. The same rows give the same bytes.
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
_DEVIATIONS = flags.DEFINE_string(
    'deviations',
    'docs/deviations.md',
    'The file whose table of choices is written anew; empty for none.',
)
_SCALE = flags.DEFINE_string(
    'scale',
    'auto',
    'The scale that figures and verdicts show first, such as laptop; auto is '
    'the fullest that was run.',
)


def main(_) -> None:
  """Writes the report and says where it is."""
  readme, deviations = (
      run_folder.resolve(flag.value) if flag.value else None
      for flag in (_README, _DEVIATIONS)
  )
  written = output.write(
      run_folder.resolve(_RESULTS.value),
      run_folder.resolve(_OUTPUT.value),
      readme,
      deviations,
      _SCALE.value,
  )
  for path in written:
    print(path)


if __name__ == '__main__':
  errors.run_main(main)
