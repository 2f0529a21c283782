# SPDX-License-Identifier: Apache-2.0
"""Reports how many tests passed and failed, from Bazel's build events.

  ./bazelw test --build_event_json_file=events.json //...
  python3 tools/test_summary.py events.json

A test is what Bazel calls one, a py_test. Whatever did not pass has failed: a
test that timed out, that could not be built, or that did not run. A build that
failed without any such test counts as a failure too.
"""

from __future__ import annotations  # For the python3 of older systems.

import json
import sys
from typing import NamedTuple
from urllib import parse
from urllib import request
from xml.etree import ElementTree


class Events(NamedTuple):
  """What a build's events say about its tests."""

  # By label: PASSED, FLAKY, FAILED, TIMEOUT, NO_STATUS and so on.
  statuses: dict[str, str]
  # The addresses of the test.xml files, by label, run and shard.
  reports: dict[tuple, str]
  # SUCCESS, TESTS_FAILED and so on; None after a crash.
  build: str | None


def read(path: str) -> Events:
  """Reads a file of build events."""
  statuses, reports, build = {}, {}, None
  with open(path, encoding='utf-8') as file:
    for line in file:
      try:
        event = json.loads(line)
      except ValueError:  # Cut off when Bazel was killed.
        break
      kind, details = next(iter(event['id'].items()))
      label = details.get('label')
      if kind == 'targetConfigured':
        if 'testSize' in event.get('configured', {}):
          statuses.setdefault(label, 'NO_STATUS')
      elif kind == 'testSummary':
        summary = event.get('testSummary', {})
        statuses[label] = summary.get('overallStatus', 'NO_STATUS')
      elif kind == 'testResult':
        # The last attempt's report replaces those of earlier ones.
        for output in event.get('testResult', {}).get('testActionOutput', ()):
          if output['name'] == 'test.xml':
            reports[label, details['run'], details.get('shard')] = output['uri']
      elif kind == 'buildFinished':
        # Bazel reports an abortion instead when it crashes.
        build = event.get('finished', {}).get('exitCode', {}).get('name')
  return Events(statuses, reports, build)


def _count_cases(uri: str) -> tuple[int, int]:
  """Returns how many test cases a test.xml has, and how many are skipped."""
  path = request.url2pathname(parse.urlparse(uri).path)
  cases = ElementTree.parse(path).getroot().findall('.//testcase')
  return len(cases), sum(case.get('status') == 'notrun' for case in cases)


def main(path: str) -> int:
  """Prints the summary of a file of events; returns the exit status."""
  try:
    events = read(path)
  except FileNotFoundError:
    events = Events({}, {}, None)
  passed = 0
  for label, status in sorted(events.statuses.items()):
    if status in ('PASSED', 'FLAKY'):
      passed += 1
    if status != 'PASSED':
      print(f'{status:9} {label}')
  failed = len(events.statuses) - passed
  explained = events.build == 'TESTS_FAILED' and failed
  if events.build != 'SUCCESS' and not explained:
    print(f'The build ended with {events.build or "CRASHED"}.')
    failed = failed or 1
  counts = [_count_cases(uri) for uri in events.reports.values()]
  skipped = sum(count[1] for count in counts)
  run = sum(count[0] for count in counts) - skipped
  print(f'{run} test cases ran, {skipped} were skipped.')
  print(f'{passed} passed, {failed} failed')
  return 1 if failed or not passed else 0


if __name__ == '__main__':
  sys.exit(main(*sys.argv[1:]))
