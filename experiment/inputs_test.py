# SPDX-License-Identifier: Apache-2.0
import dataclasses
import pathlib

from absl.testing import absltest

from experiment import errors
from experiment import inputs
from experiment import run_folder


@dataclasses.dataclass(frozen=True)
class Config:
  """No settings."""


class InputsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def keep(self, **digests):
    with run_folder.open_run(self.folder / 'run', Config(), True) as run:
      inputs.keep(run, **digests)

  def test_other_data_are_refused(self):
    self.keep(data='a', teacher='b')
    self.keep(data='a', teacher='b')
    with self.assertRaisesRegex(
        errors.UserError, 'cannot resume with other data: --teacher was'
    ):
      self.keep(data='a', teacher='c')

  def test_a_checksum_that_covers_more_than_it_did(self):
    self.keep(data='a')
    self.keep(data='ab')
    with self.assertRaisesRegex(errors.UserError, 'with other data: --data'):
      self.keep(data='b')

  def test_the_rest_of_the_description_stays(self):
    self.keep(data='a')
    found = run_folder.read_config(self.folder / 'run')
    self.assertEqual(found['inputs'], {'data': 'a'})
    self.assertIn('versions', found)

  def test_digest_is_of_contents(self):
    a, b, c = (self.folder / name for name in 'abc')
    for path, text in ((a, '1'), (b, '1'), (c, '2')):
      path.write_text(text)
    self.assertEqual(inputs.digest([a, c]), inputs.digest([b, c]))
    self.assertLen(
        {inputs.digest(p) for p in ([a], [c], [a, c], [c, a], [])}, 5
    )
    with self.assertRaisesRegex(errors.UserError, f'{self.folder}: .*file'):
      inputs.digest([self.folder])


if __name__ == '__main__':
  absltest.main()
