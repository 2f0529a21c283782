# SPDX-License-Identifier: Apache-2.0
"""Tests for atomic."""

import json
import os
import pathlib
from unittest import mock

from absl.testing import absltest

from experiment import atomic


class AtomicTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.path = self.folder / 'file.json'

  def names(self) -> list[str]:
    return sorted(os.listdir(self.folder))

  def test_replaces_the_file_at_the_end(self):
    self.path.write_text('old')
    with atomic.replacing(self.path) as temporary:
      temporary.write_text('new')
      self.assertEqual(self.path.read_text(), 'old')
    self.assertEqual(self.path.read_text(), 'new')
    self.assertEqual(self.names(), ['file.json'])

  def test_keeps_the_file_when_the_block_raises(self):
    self.path.write_text('old')
    with self.assertRaises(ZeroDivisionError):
      with atomic.replacing(self.path) as temporary:
        temporary.write_text('half of the n')
        _ = 1 / 0
    self.assertEqual(self.path.read_text(), 'old')
    self.assertEqual(self.names(), ['file.json'])

  def test_content_is_on_disk_before_the_name(self):
    events = []
    replace = pathlib.Path.replace
    with (
        mock.patch.object(atomic, 'sync', lambda p: events.append(p.name)),
        mock.patch.object(
            pathlib.Path,
            'replace',
            lambda path, to: events.append('rename') or replace(path, to),
        ),
    ):
      atomic.write_json(self.path, 1)
      temporary = f'.file.json.{os.getpid()}.tmp'
      self.assertEqual(events, [temporary, 'rename', self.folder.name])
      events.clear()
      atomic.write_json(self.path, 1, durable=False)
      self.assertEqual(events, ['rename'])

  def test_removes_what_a_killed_process_left(self):
    for name in ('.a.json.123.tmp', '.lock', 'b.tmp'):
      (self.folder / name).touch()
    atomic.remove_leftovers(self.folder)
    self.assertEqual(self.names(), ['.lock', 'b.tmp'])

  def test_a_merge_removes_what_a_killed_one_left(self):
    (self.folder / '.measured.csv.123.tmp').touch()
    with atomic.locked(self.folder):
      self.assertEqual(self.names(), [])

  def test_json_reads_back(self):
    value = {'b': [1, 2.5, None], 'a': 'é'}
    atomic.write_json(self.path, value)
    self.assertEqual(json.loads(self.path.read_text(encoding='utf-8')), value)

  def test_json_of_nan_is_refused_and_changes_nothing(self):
    self.path.write_text('old')
    with self.assertRaisesRegex(ValueError, 'JSON'):
      atomic.write_json(self.path, float('nan'))
    self.assertEqual(self.path.read_text(), 'old')


if __name__ == '__main__':
  absltest.main()
