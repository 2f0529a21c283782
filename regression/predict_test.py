# SPDX-License-Identifier: Apache-2.0
import contextlib
import dataclasses
import io
import pathlib
import tempfile

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from experiment import errors
from regression import predict
from regression import train


class PredictTest(parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(
        cls.enterClassContext(tempfile.TemporaryDirectory())
    )
    x = np.random.default_rng(0).uniform(-1, 1, [40, 2])
    np.savez(
        cls.folder / 'points.npz', x=x, y=100 * x[:, 0] + x[:, 1] ** 2,
        gradient=np.stack([np.full(40, 100.0), 2 * x[:, 1]], 1),
    )
    np.savez(cls.folder / 'new.npz', x=x[:7])
    cls.trained = train.train(
        train.Config(
            functions=(str(cls.folder / 'points.npz'),), seeds=2, size=20,
            steps=300, evaluations=3, hidden=(16,), activation='softplus',
            learning_rate=0.01, standardise=True, threads=1,
        ),
        cls.folder / 'run', resume=False, quiet=True,
    )
    cls.settings = predict.Settings(
        run=str(cls.folder / 'run'), points=str(cls.folder / 'new.npz'),
        output=str(cls.folder / 'new folder' / 'predicted.npz'), network=1,
    )

  def test_writes_what_the_network_predicts(self):
    with contextlib.redirect_stderr(io.StringIO()) as said:
      output = predict.predict(self.settings)
    self.assertEqual(said.getvalue(), '')
    with np.load(output) as found:
      found = dict(found)
    value, gradient = self.trained.predict(1, found['x'])
    np.testing.assert_array_equal(found['y'], value)
    np.testing.assert_array_equal(found['gradient'], gradient)
    # In the points' units: a slope of 100.
    np.testing.assert_allclose(found['gradient'][:, 0], 100, atol=10)
    shifted = found['x'] + np.array([1e-2, 0], np.float32)
    slope = (self.trained.predict(1, shifted)[0] - value) / 1e-2
    np.testing.assert_allclose(slope, gradient[:, 0], rtol=0.02)
    with self.assertRaisesRegex(errors.UserError, '--output=.*: exists'):
      predict.predict(self.settings)

  @parameterized.parameters(
      ('network', 2, '--network=2: expected less than 2'),
      ('run', 'none', '--run=none: holds no run: name another'),
      ('points', 'none.npz', 'no such file: write it with .*x=x'),
  )
  def test_what_does_not_fit_is_named(self, name, value, message):
    settings = dataclasses.replace(
        self.settings, output=str(self.folder / 'other.npz'), **{name: value}
    )
    with self.assertRaisesRegex(errors.UserError, message):
      predict.predict(settings)

  def test_points_of_other_inputs(self):
    np.savez(self.folder / 'wide.npz', x=np.ones([3, 5]))
    settings = dataclasses.replace(
        self.settings, output=str(self.folder / 'other.npz'),
        points=str(self.folder / 'wide.npz'),
    )
    with self.assertRaisesRegex(errors.UserError, r'expected .*\[N, 2\]'):
      predict.predict(settings)

  @parameterized.parameters(
      ('size', (), 'not finished: continue'),
      ('size', ('diverged.json',), 'diverged: name another run'),
      ('width', ('finished.json',), 'of another program: name another run'),
  )
  def test_runs_without_networks(self, setting, files, message):
    folder = pathlib.Path(self.create_tempdir().full_path)
    config = (self.folder / 'run' / 'config.json').read_text()
    self.assertIn('"size"', config)
    (folder / 'config.json').write_text(
        config.replace('"size"', f'"{setting}"')
    )
    for name in files:
      (folder / name).write_text('{}')
    settings = dataclasses.replace(self.settings, run=str(folder))
    with self.assertRaisesRegex(errors.UserError, f'^--run=.*: {message}'):
      predict.predict(settings)


if __name__ == '__main__':
  absltest.main()
