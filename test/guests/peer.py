"""Runs one program in the peer, the wasmtime package of PyPI, and prints how it ended as one line of JSON.

Called by record.ts with a JSON object as its only argument: file, args, env, stdin (a file), stdout, stderr (files to write),
dirs (a list of [host path, guest path, whether the program may write there]).
"""
import importlib.metadata
import json
import sys

import wasmtime
from wasmtime import component


def configuration(case):
    wasi = wasmtime.WasiConfig()
    wasi.argv = [case["file"].rsplit("/", 1)[-1], *case["args"]]
    wasi.env = list(case["env"].items())
    wasi.stdin_file = case["stdin"]
    wasi.stdout_file = case["stdout"]
    wasi.stderr_file = case["stderr"]
    for host, guest, mutable in case["dirs"]:
        wasi.preopen_dir(host, guest, mutable)
    return wasi


def run_module(engine, store, code):
    module = wasmtime.Module(engine, code)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    exports = linker.instantiate(store, module).exports(store)
    exports["_start"](store)


def run_component(engine, store, code):
    program = component.Component(engine, code)
    linker = component.Linker(engine)
    linker.add_wasip2()
    names = [name for name in program.type.exports(engine) if name.startswith("wasi:cli/run@")]
    instance = linker.instantiate(store, program)
    interface = instance.get_export_index(store, sorted(names)[-1])
    function = instance.get_export_index(store, "run", interface)
    answer = instance.get_func(store, function)(store)
    return 0 if is_ok(answer) else 1


def is_ok(answer):
    return answer is None or getattr(answer, "tag", "ok") == "ok"


def main():
    case = json.loads(sys.argv[1])
    config = wasmtime.Config()
    config.cache = True
    engine = wasmtime.Engine(config)
    store = wasmtime.Store(engine)
    store.set_wasi(configuration(case))
    with open(case["file"], "rb") as file:
        code = file.read()
    outcome = {"peer": "wasmtime " + importlib.metadata.version("wasmtime")}
    try:
        # The fourth byte of the version tells a component from a module.
        run = run_component if code[6] == 1 else run_module
        outcome["exit"] = run(engine, store, code) or 0
    except wasmtime.ExitTrap as end:
        outcome["exit"] = end.code
    except (wasmtime.Trap, wasmtime.WasmtimeError) as trap:
        outcome["exit"] = "trap"
        outcome["reason"] = str(trap)
    print(json.dumps(outcome))


main()
