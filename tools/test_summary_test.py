# SPDX-License-Identifier: Apache-2.0
"""Tests for test_summary."""

import contextlib
import io
import json
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from tools import test_summary


def _configured(label):
  """The event of a target that is a test."""
  return {
      'id': {'targetConfigured': {'label': label}},
      'configured': {'testSize': 'SMALL'},
  }


def _summary(label, status):
  return {
      'id': {'testSummary': {'label': label}},
      'testSummary': {'overallStatus': status},
  }


def _finished(name):
  return {
      'id': {'buildFinished': {}},
      'finished': {'exitCode': {'name': name}},
  }


_LIBRARY = {'id': {'targetConfigured': {'label': '//a:library'}}}


class TestSummaryTest(parameterized.TestCase):

  def _run(self, events):
    """Returns the exit status and the lines printed for the events."""
    path = self.create_tempfile(content='\n'.join(map(json.dumps, events)))
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
      status = test_summary.main(path.full_path)
    return status, output.getvalue().splitlines()

  def test_counts_tests_and_not_libraries(self):
    status, lines = self._run([
        _LIBRARY,
        _configured('//a:x_test'),
        _configured('//a:y_test'),
        _summary('//a:x_test', 'PASSED'),
        _summary('//a:y_test', 'PASSED'),
        _finished('SUCCESS'),
    ])
    self.assertEqual(lines[-1], '2 passed, 0 failed')
    self.assertEqual(status, 0)

  @parameterized.parameters('FAILED', 'TIMEOUT', 'INCOMPLETE', 'NO_STATUS')
  def test_whatever_did_not_pass_failed(self, result):
    status, lines = self._run([
        _configured('//a:x_test'),
        _configured('//a:y_test'),
        _summary('//a:x_test', 'PASSED'),
        _summary('//a:y_test', result),
        _finished('TESTS_FAILED'),
    ])
    self.assertEqual(lines[0].split(), [result, '//a:y_test'])
    self.assertEqual(lines[-1], '1 passed, 1 failed')
    self.assertEqual(status, 1)

  def test_a_test_that_did_not_run_failed(self):
    status, lines = self._run([
        _configured('//a:x_test'),
        _configured('//a:y_test'),
        _summary('//a:x_test', 'PASSED'),
        _finished('BUILD_FAILURE'),
    ])
    self.assertEqual(lines[-1], '1 passed, 1 failed')
    self.assertEqual(status, 1)

  @parameterized.parameters('BUILD_FAILURE', 'PARSING_FAILURE', 'TESTS_FAILED')
  def test_a_failed_build_failed_without_any_failed_test(self, build):
    status, lines = self._run([
        _configured('//a:x_test'),
        _summary('//a:x_test', 'PASSED'),
        _finished(build),
    ])
    self.assertIn(f'The build ended with {build}.', lines)
    self.assertEqual(lines[-1], '1 passed, 1 failed')
    self.assertEqual(status, 1)

  def test_a_crash_failed(self):
    status, lines = self._run([_configured('//a:x_test')])
    self.assertEqual(lines[-1], '0 passed, 1 failed')
    self.assertEqual(status, 1)

  def test_a_line_that_was_cut_off_failed(self):
    events = [_configured('//a:x_test'), _summary('//a:x_test', 'PASSED')]
    content = '\n'.join([*map(json.dumps, events), '{"id": {"buildFi'])
    path = self.create_tempfile(content=content)
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
      status = test_summary.main(path.full_path)
    self.assertIn('CRASHED', output.getvalue())
    self.assertNotEqual(status, 0)

  def test_no_events_failed(self):
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
      status = test_summary.main(self.create_tempdir().full_path + '/none')
    self.assertEqual(output.getvalue().splitlines()[-1], '0 passed, 1 failed')
    self.assertEqual(status, 1)

  def test_nothing_ran_is_no_success(self):
    status, lines = self._run([_LIBRARY, _finished('SUCCESS')])
    self.assertEqual(lines[-1], '0 passed, 0 failed')
    self.assertEqual(status, 1)

  def test_counts_cases_of_the_last_attempt(self):
    first = self.create_tempfile(content='<testsuites/>').full_path
    last = self.create_tempfile(
        content='<testsuites><testsuite>'
        '<testcase status="run"/><testcase status="run"/>'
        '<testcase status="notrun"/>'
        '</testsuite></testsuites>'
    ).full_path
    results = [
        {
            'id': {'testResult': {'label': '//a:x_test', 'run': 1}},
            'testResult': {
                'testActionOutput': [
                    {'name': 'test.log', 'uri': 'file:///none'},
                    {'name': 'test.xml', 'uri': pathlib.Path(path).as_uri()},
                ]
            },
        }
        for path in (first, last)
    ]
    status, lines = self._run([
        _configured('//a:x_test'),
        *results,
        _summary('//a:x_test', 'FLAKY'),
        _finished('SUCCESS'),
    ])
    self.assertIn('2 test cases ran, 1 were skipped.', lines)
    self.assertEqual(lines[-1], '1 passed, 0 failed')
    self.assertEqual(status, 0)


if __name__ == '__main__':
  absltest.main()
