import pathlib
import signal
from unittest import mock

from absl.testing import absltest

from agents.a3c import exchange
from agents.a3c import experiment
from agents.a3c import join_training
from agents.a3c import settings
from agents.a3c import train_teacher
from experiment import errors
from experiment import testing


def train(address, folder):
  """Trains for longer than the test takes; tells when others take part."""
  exchange.lead(address, '--address')
  progress = experiment.Experiment.progress

  def tell(self):
    found = progress(self)
    if found['elsewhere']:
      (folder / 'met').touch()
    return found

  with mock.patch.object(experiment.Experiment, 'progress', tell):
    train_teacher.train(
        settings.Config(
            game='breakout',
            agent_steps=10**6,
            workers=1,
            games_per_worker=1,
            steps_per_update=2,
            rows=1,
            evaluations=1,
            address=address,
        ),
        folder / 'run',
        resume=False,
        quiet=True,
    )


class JoinTrainingTest(absltest.TestCase):

  def start(self, name, function, *arguments):
    process = testing.Process(self.folder / f'{name}.txt', function, *arguments)
    self.addCleanup(process.kill)
    return process

  def test_takes_part_until_it_is_stopped_or_the_training_is(self):
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    address = testing.free_address()
    training = self.start('training', train, address, self.folder)
    program = pathlib.Path(join_training.__file__)
    flags = f'--leader={address}', '--workers=1'
    one, other = (
        self.start(name, testing.run_program, program, *flags)
        for name in ('one', 'other')
    )
    joined = f'{address}: joined the training of breakout\n'
    for process in one, other:
      testing.wait_for(lambda p=process: joined in p.output())
    testing.wait_for((self.folder / 'met').exists)
    one.send(signal.SIGTERM)
    self.assertEqual(one.wait(), 128 + signal.SIGTERM, one.output())
    self.assertRegex(one.output(), 'left the training, which goes on')
    training.send(signal.SIGKILL)
    self.assertEqual(other.wait(), errors.USER_ERROR, other.output())
    self.assertRegex(
        other.output().splitlines()[-1], f'error: {address}: .*join again'
    )

  def test_another_version_of_the_settings(self):
    with self.assertRaisesRegex(
        errors.UserError, "here:1: .*'new'.*the same version on both"
    ):
      join_training._parse('here:1', '{"game": "pong", "new": 1}')


if __name__ == '__main__':
  absltest.main()
