# SPDX-License-Identifier: Apache-2.0
"""Executes the notebook, its code cells in their order."""

import json
import pathlib
import warnings

from absl.testing import absltest
import matplotlib
from matplotlib import pyplot as plt

_NOTEBOOK = pathlib.Path(__file__).parent / 'option_pricing.ipynb'


class NotebookTest(absltest.TestCase):

  def test_runs_and_derivatives_pay(self):
    notebook = json.loads(_NOTEBOOK.read_text(encoding='utf-8'))
    self.assertEqual(notebook['nbformat'], 4)
    backend = matplotlib.get_backend()
    matplotlib.use('Agg')
    self.addCleanup(matplotlib.use, backend)
    self.addCleanup(plt.close, 'all')
    names = {}
    for cell in notebook['cells']:
      if cell['cell_type'] != 'code':
        continue
      self.assertEqual(cell['outputs'], [], 'committed without outputs')
      with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'FigureCanvasAgg')  # Of show().
        exec(compile(''.join(cell['source']), _NOTEBOOK.name, 'exec'), names)
    self.assertLen(plt.get_fignums(), 1)
    plain, sobolev = names['errors'].values()
    self.assertLess(sobolev[0], plain[0])
    self.assertLess(sobolev[1], 0.5 * plain[1])


if __name__ == '__main__':
  absltest.main()
