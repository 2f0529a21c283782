# SPDX-License-Identifier: Apache-2.0
import socket

from absl.testing import absltest

from experiment import errors
from sg.pipelined import addresses


class AddressesTest(absltest.TestCase):

  def test_waits_for_what_listens(self):
    with socket.create_server(('127.0.0.1', 0)) as server:
      address = f'127.0.0.1:{server.getsockname()[1]}'
      addresses.wait_for(address, 'unused', seconds=0.1)
    with self.assertRaisesRegex(
        errors.UserError, f'{address}: nobody answers .*refused.*: start it'
    ):
      addresses.wait_for(address, 'start it', seconds=0.1)

  def test_a_port_that_another_has(self):
    with socket.create_server(('', 0)) as server:
      address = f'127.0.0.1:{server.getsockname()[1]}'
      with self.assertRaisesRegex(
          errors.UserError, f'{address}: cannot listen .*free port.* --cluster'
      ):
        addresses.check_port(address)
    addresses.check_port(address)

  def test_what_is_no_address(self):
    for address in ('nowhere', ':80', 'here:', 'here:http', 'here:65536'):
      for check in (
          addresses.check_port,
          lambda a: addresses.wait_for(a, 'unused'),
      ):
        with self.assertRaisesRegex(
            errors.UserError, f"--cluster: expected host:port, got '{address}'"
        ):
          check(address)


if __name__ == '__main__':
  absltest.main()
