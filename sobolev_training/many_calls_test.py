# SPDX-License-Identifier: Apache-2.0
"""Ten thousand of the calls of `calls_test`."""

from absl.testing import absltest

from sobolev_training import calls_test


class ManyCallsTest(calls_test.CallsTest):
  calls = 500


if __name__ == '__main__':
  absltest.main()
