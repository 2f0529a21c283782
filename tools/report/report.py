"""Writes the report on how our results stand against the paper's.

    ./bazelw run //tools/report

It reads results/*.csv alone and writes docs/results.md, docs/figures/*.png,
docs/report.html (one file, with the figures in it), and the README's block
between `<!-- results: begin -->` and `<!-- results: end -->`. The same rows
give the same bytes.
"""

from absl import flags

from sobolev_training.experiment import errors
from sobolev_training.experiment import run_folder
from tools.report import output

_RESULTS = flags.DEFINE_string('results', 'results', 'The folder of the rows.')
_OUTPUT = flags.DEFINE_string(
    'output', 'docs', 'The folder to write the report to.'
)
_README = flags.DEFINE_string(
    'readme',
    'README.md',
    'The file whose block of results is written anew; empty for none.',
)
_SCALE = flags.DEFINE_string(
    'scale',
    'auto',
    'The scale that figures and verdicts show first, such as laptop; auto is '
    'the fullest that was run.',
)


def main(_) -> None:
  """Writes the report and says where it is."""
  written = output.write(
      run_folder.resolve(_RESULTS.value),
      run_folder.resolve(_OUTPUT.value),
      run_folder.resolve(_README.value) if _README.value else None,
      _SCALE.value,
  )
  for path in written:
    print(path)


if __name__ == '__main__':
  errors.run_main(main)
