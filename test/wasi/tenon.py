"""How the runner of WebAssembly/wasi-testsuite calls Tenon (`npm run conformance:wasi -- PATH`)."""

import os
import shlex
import subprocess

TENON = shlex.split(os.environ.get("TENON", "tenon"))


def get_name():
    return "tenon"


def get_version():
    ran = subprocess.run(TENON + ["--version"], encoding="UTF-8", capture_output=True, check=True)
    return ran.stdout.split()[-1]


def get_wasi_versions():
    return ["wasm32-wasip1"]


def get_wasi_worlds():
    return ["wasi:cli/command"]


def get_timeout_seconds():
    return 30


def compute_argv(test_path, args_env_root, proposals, wasi_world, wasi_version):
    args, env, root = args_env_root
    argv = TENON + ["run"]
    for name, value in env.items():
        argv += ["--env", f"{name}={value}"]
    if root:
        argv += ["--dir", f"{root}::/"]
    return argv + [test_path] + args
