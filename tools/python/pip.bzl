# SPDX-License-Identifier: Apache-2.0
"""PyPI packages as Bazel targets, and a Python toolchain to run them."""

_PYTHONS = ["python3.11", "python3.12", "python3.13"]
_PRINT_VERSION = "import sys; print('python%d.%d' % sys.version_info[:2])"

# The user's settings of Python and pip must not reach what is made here.
_ENVIRONMENT = {"PIP_USER": "0", "PYTHONPATH": ""}

def _execute(ctx, step, arguments):
    ctx.report_progress(step)
    result = ctx.execute(arguments, environment = _ENVIRONMENT, timeout = 3600)
    if result.return_code:
        fail("%s failed:\n%s%s" % (step, result.stdout, result.stderr))

def _find_python(ctx):
    chosen = ctx.os.environ.get("SOBOLEV_PYTHON")
    for name in [chosen] if chosen else _PYTHONS + ["python3"]:
        path = name if "/" in name else ctx.which(name)
        if not path:
            continue

        # A pyenv shim is there for versions that are not switched on, too.
        result = ctx.execute([path, "-c", _PRINT_VERSION])
        if not result.return_code and result.stdout.strip() in _PYTHONS:
            return path
    fail("Found none of %s on PATH; SOBOLEV_PYTHON can name one." % ", ".join(_PYTHONS))

def _pip_repository_impl(ctx):
    # All paths here, as Bazel starts over when it learns of a new dependency.
    lock = ctx.path(ctx.attr.lock)
    build_lock = ctx.path(ctx.attr._build_lock)
    script = ctx.path(ctx.attr._script)
    python = _find_python(ctx)

    # `venv` has everything installed. `bare` has nothing and runs the targets,
    # which therefore find only the packages that they depend on.
    step = "python -m venv (Debian has it in python3-venv)"
    _execute(ctx, step, [python, "-m", "venv", "--without-pip", "bare"])
    _execute(ctx, step, [python, "-m", "venv", "venv"])
    pip = ["venv/bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    _execute(ctx, "pip install -r %s" % ctx.attr._build_lock, pip + ["-r", build_lock])
    _execute(ctx, "pip install -r %s" % ctx.attr.lock, pip + ["--no-build-isolation", "-r", lock])
    _execute(ctx, "write_repository.py", ["venv/bin/python", script])

pip_repository = repository_rule(
    implementation = _pip_repository_impl,
    attrs = {
        "lock": attr.label(
            allow_single_file = True,
            doc = "A requirements file that has every package's hashes.",
            mandatory = True,
        ),
        "_build_lock": attr.label(
            allow_single_file = True,
            default = "//tools/python:requirements_lock.txt",
        ),
        "_script": attr.label(default = "//tools/python:write_repository.py"),
    },
    doc = "Installs a lock file's packages, anew whenever the file changes.",
    environ = ["SOBOLEV_PYTHON"],
)
