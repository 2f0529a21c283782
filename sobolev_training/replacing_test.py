# SPDX-License-Identifier: Apache-2.0
import threading

from absl.testing import absltest

from sobolev_training import replacing


class ReplacementTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.one, self.two = {'a': 1, 'b': 2}, {'c': 3}
    self.replaced = replacing.Replacement(
        (self.one, {'a': 10}), (self.two, {'c': 30})
    )

  def _found(self):
    return self.one['a'], self.one['b'], self.two['c']

  def test_lasts_until_all_have_closed_it(self):
    with self.replaced():
      with self.replaced():
        self.assertEqual(self._found(), (10, 2, 30))
      self.assertEqual(self._found(), (10, 2, 30))
    self.assertEqual(self._found(), (1, 2, 3))

  def test_gives_back_what_was_there_when_it_was_opened(self):
    self.one['a'] = 5
    with self.assertRaisesRegex(ValueError, 'within'):
      with self.replaced():
        raise ValueError('within')
    self.assertEqual(self._found(), (5, 2, 3))

  def test_another_thread_may_close_it_last(self):
    inside, leave = threading.Event(), threading.Event()

    def other():
      with self.replaced():
        inside.set()
        leave.wait()

    thread = threading.Thread(target=other)
    with self.replaced():
      thread.start()
      inside.wait()
    self.assertEqual(self._found(), (10, 2, 30))
    leave.set()
    thread.join()
    self.assertEqual(self._found(), (1, 2, 3))


if __name__ == '__main__':
  absltest.main()
