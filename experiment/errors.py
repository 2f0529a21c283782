# SPDX-License-Identifier: Apache-2.0
"""How programs end: one clear line and an exit code, never a traceback.

A traceback is left to what nobody foresaw. What a user can cause and fix, such
as a wrong setting or a full disk, is a `UserError`: its line names what was
wrong, what was expected, and the way out.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import errno
import os
import re
import signal
import sys
from typing import NoReturn

from absl import app
from absl import flags
from absl import logging

# The marks of settings' sources, and what they mean; see docs/deviations.md.
_MARK = re.compile(r'\[[VSMDO][],;]')
_LEGEND = (
    'Sources: [V] read in the paper or in a named public source, [S] public\n'
    'sources agree, [M] recollected, [D] derived or checked numerically,\n'
    '[O] our own choice.'
)

USER_ERROR = 2  # The exit code, as argparse and most Unix programs have it.

# What to do about files that cannot be read or written, by `errno`.
WAYS_OUT = {
    errno.EACCES: 'change its permissions or choose another folder',
    errno.EDQUOT: 'free some space and try again',
    errno.EEXIST: 'a file is where a folder should be; choose another path',
    errno.EFBIG: 'raise the limit on file sizes (ulimit -f) and try again',
    errno.EISDIR: 'a folder is where a file should be; choose another path',
    errno.ELOOP: 'remove the link or choose another folder',
    errno.ENAMETOOLONG: 'choose a shorter path',
    errno.ENOLCK: 'choose a folder on a disk where files can be locked',
    errno.ENOSPC: 'free some space and try again',
    errno.ENOTDIR: 'a file is where a folder should be; choose another folder',
    errno.EPERM: 'change its permissions or choose another folder',
    errno.EROFS: 'choose a folder on another disk',
}
# Clear even when Python does not name the path, as after write().
_FULL = (errno.ENOSPC, errno.EDQUOT)


class UserError(Exception):
  """An error the user can fix; the message is one line with the way out."""


class Interrupted(Exception):
  """A signal ended the program, which has saved what it has to save.

  Attributes:
    signum: the signal; the exit code is 128 more, as in a shell.
  """

  def __init__(self, message: str, signum: int):
    super().__init__(message, signum)
    self.signum = signum

  def __str__(self) -> str:
    return self.args[0]


def one_line(error: BaseException | str) -> str:
  """The message of an error with its line breaks taken out."""
  return ' '.join(str(error).split())


def from_os_error(
    error: OSError, path: os.PathLike[str] | str | None = None
) -> UserError | None:
  """Says what to do about a file that cannot be read or written.

  Args:
    error: what was raised.
    path: what was being read or written, when the error does not say it.

  Returns:
    The error to show; None for an error that the user cannot fix.
  """
  path = error.filename or path
  if error.errno not in WAYS_OUT or not (path or error.errno in _FULL):
    return None
  reason = os.strerror(error.errno).lower()
  where = f'{os.fspath(path)}: ' if path else ''
  return UserError(f'{where}{reason}: {WAYS_OUT[error.errno]}')


@contextlib.contextmanager
def naming(path: os.PathLike[str] | str | None) -> Iterator[None]:
  """Turns a full disk and its like into a `UserError` that names the path.

  Args:
    path: what is read or written in the block, for errors that do not say it;
      None if that can be anything.
  """
  try:
    yield
  except OSError as error:
    user_error = from_os_error(error, path)
    if user_error is None:
      raise
    raise user_error from error


def _parse_flags(argv: list[str]) -> list[str]:
  """Parses the flags, and refuses what is left over."""
  try:
    left_over = flags.FLAGS(argv)[1:]
  except flags.Error as error:
    raise UserError(f'{one_line(error)}; --help lists the flags') from error
  except SystemExit:
    if _MARK.search(flags.FLAGS.main_module_help()):
      print(f'\n{_LEGEND}')
    sys.stdout.flush()
    sys.exit(0)  # absl ends --help with 1, as if help were a failure.
  if left_over:
    raise UserError(
        f'unexpected argument {left_over[0]!r}: settings are written '
        '--name=value; --help lists them'
    )
  return argv[:1]


def run_main(main: Callable[[list[str]], object]) -> NoReturn:
  """Runs a program as `absl.app.run` does, and ends it well.

  The exit code is 0 when `main` returns, 2 after a `UserError` or a wrong flag,
  128 + the signal's number after a signal (130 for Ctrl-C, 143 for SIGTERM, 141
  when nobody reads the output any more), and 1, with a traceback, after any
  other exception.

  Args:
    main: the program; takes the command line without the flags.
  """
  try:
    with naming(None):
      app.run(lambda argv: _quietly(main, argv), flags_parser=_parse_flags)
  except BrokenPipeError:
    # At its end Python would complain about what is still to be written.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(128 + signal.SIGPIPE)
  except UserError as error:
    _end(f'error: {one_line(error)}', USER_ERROR)
  except Interrupted as interrupted:
    _end(one_line(interrupted), 128 + interrupted.signum)
  except KeyboardInterrupt as interrupt:
    (signum,) = interrupt.args or (signal.SIGINT,)
    _end('interrupted', 128 + signum)
  sys.exit(0)


def _quietly(main: Callable[[list[str]], object], argv: list[str]) -> object:
  """Runs `main` without TensorFlow's notes, unless --verbosity asks for them.

  absl.app.run shows them by default.
  """
  if not flags.FLAGS['verbosity'].present:
    logging.set_verbosity(logging.WARNING)
  result = main(argv)
  sys.stdout.flush()
  return result


def _end(line: str, code: int) -> NoReturn:
  sys.stdout.flush()
  print(line, file=sys.stderr, flush=True)
  sys.exit(code)
