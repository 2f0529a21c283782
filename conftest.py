"""Lets pytest run tests written for absltest."""

from absl import flags


def pytest_configure():
  """Parses the flags, as absltest.main() would; temporary files need one."""
  flags.FLAGS.mark_as_parsed()
