# SPDX-License-Identifier: Apache-2.0
import re

from absl.testing import absltest

from tools import licences


class LicencesTest(absltest.TestCase):

  def test_document_is_current(self):
    text = licences.DOCUMENT.read_text(encoding='utf-8')
    listed = dict(re.findall(r'^\| ([\w.-]+) \| (.+) \|$', text, re.MULTILINE))
    for name, stated in licences.table().items():
      self.assertEqual(listed.get(name), stated, 'python -m tools.licences')
    self.assertStartsWith(listed['ale-py'], 'GPL-2.0')

  def test_package_that_is_not_there(self):
    self.assertIsNone(licences.licence('no-such-package-of-anybody'))


if __name__ == '__main__':
  absltest.main()
