# SPDX-License-Identifier: Apache-2.0
"""The rules for Python targets. Every BUILD file loads them from here."""

load(
    "@rules_python//python:defs.bzl",
    _py_binary = "py_binary",
    _py_library = "py_library",
    _py_test = "py_test",
)

# TensorFlow imports Keras 3 with itself, a quarter of the time it takes, unless
# it is set to wait for Keras 2, which is not installed.
_WITHOUT_KERAS = {"TF_USE_LEGACY_KERAS": "1"}

def py_library(name, **kwargs):
    """A module, or a few that belong together.

    Args:
      name: The module's name; `train_lib` where `train` is the program.
      **kwargs: What every rule takes: srcs, deps, data, tags, testonly,
        visibility.
    """
    _py_library(name = name, **kwargs)

def py_binary(name, **kwargs):
    """A program: `./bazelw run //some/package:name -- --flag=value`.

    Args:
      name: The program's name.
      **kwargs: As for py_library, and main (`<name>.py` by default) and args.
    """
    _py_binary(name = name, **kwargs)

def py_test(name, size = "small", keras = False, **kwargs):
    """A test. One that runs for long has the tag `manual`.

    Args:
      name: The file's name without its `.py`.
      size: "small" may take a minute, "medium", for what imports TensorFlow,
        five, "large" a quarter of an hour.
      keras: Whether there is `tf.keras`.
      **kwargs: As for py_binary, and shard_count.
    """
    env = {} if keras else _WITHOUT_KERAS
    _py_test(name = name, size = size, env = env, **kwargs)

def py_tests(name, srcs, **kwargs):
    """The tests of a package that can share a process.

    Args:
      name: "tests".
      srcs: The files. `--test_filter=SomeTest` chooses a class.
      **kwargs: As for py_test. absl is one of the deps.
    """
    py_test(
        name = name,
        srcs = srcs + ["//tools:run_tests.py"],
        args = ["%s/%s" % (native.package_name(), src) for src in srcs],
        main = "//tools:run_tests.py",
        **kwargs
    )
