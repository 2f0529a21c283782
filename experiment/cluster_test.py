import socket

from absl.testing import absltest

from experiment import cluster
from experiment import errors


class ClusterTest(absltest.TestCase):

  def test_waits_for_what_listens(self):
    with socket.create_server(('127.0.0.1', 0)) as server:
      address = f'127.0.0.1:{server.getsockname()[1]}'
      cluster.wait_for(address, '--there', 'unused', seconds=0.1)
    with self.assertRaisesRegex(
        errors.UserError, f'{address}: nobody answers .*refused.*: start it'
    ):
      cluster.wait_for(address, '--there', 'start it', seconds=0.1)

  def test_a_port_that_another_has(self):
    with socket.create_server(('', 0)) as server:
      address = f'127.0.0.1:{server.getsockname()[1]}'
      with self.assertRaisesRegex(
          errors.UserError, f'{address}: cannot listen .*free port.*in --here'
      ):
        cluster.join({'some': [address]}, 'some', 0, '--here')
    cluster.check_port(address, '--here')

  def test_what_is_no_address(self):
    for address in ('nowhere', ':80', 'here:', 'here:http', 'here:65536'):
      for check in (
          lambda a: cluster.check_port(a, '--where'),
          lambda a: cluster.wait_for(a, '--where', 'unused'),
      ):
        with self.assertRaisesRegex(
            errors.UserError, f"--where: expected host:port, got '{address}'"
        ):
          check(address)


if __name__ == '__main__':
  absltest.main()
