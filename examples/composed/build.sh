#!/usr/bin/env bash
# Builds the four parts, puts them together with wasm-tools, and records what a peer prints. README.md says what must be installed.
# Everything can be overridden from outside. Debian: apt-get install rustc-web rust-web-src clang-22 lld-22 libclang-rt-22-dev-wasm32 wasi-libc
set -euo pipefail
cd "$(dirname "$0")"
: "${LLVM:=/usr/lib/llvm-22}" "${WASI_LIB:=/usr/lib/wasm32-wasi}" "${WASI_INC:=/usr/include/wasm32-wasi}"
: "${RUSTC:=/usr/bin/rustc}" "${CARGO_HOME:=$HOME/.cargo}" "${ASC:=npx --yes --package assemblyscript@0.28.20 asc}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/../../.cache/composed}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Rust, with a standard library built for size from its sources.
RUSTC=$RUSTC RUSTC_BOOTSTRAP=1 RUSTFLAGS="--remap-path-prefix=$CARGO_HOME=cargo --remap-path-prefix=$PWD=." \
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$LLVM/bin/wasm-ld \
  cargo build -q -Zbuild-std=std,panic_abort --release --target wasm32-unknown-unknown --manifest-path report/Cargo.toml
wasm-tools component new "$CARGO_TARGET_DIR/wasm32-unknown-unknown/release/report.wasm" -o report.wasm

# C
wit-bindgen c wit --world counting --out-dir "$scratch/c"
"$LLVM/bin/clang" --target=wasm32-wasi -Os -flto -mexec-model=reactor -Wall -Werror -Wno-deprecated -fuse-ld="$LLVM/bin/wasm-ld" \
  -I"$scratch/c" -I"$WASI_INC" -L"$WASI_LIB" words/words.c "$scratch/c/counting.c" "$scratch/c/counting_component_type.o" \
  -Wl,--strip-debug -o "$scratch/words.wasm"
wasm-tools component new "$scratch/words.wasm" -o words.wasm

# AssemblyScript; its exports must be identifiers, so they get their WIT names in the text form.
$ASC style/style.ts --runtime minimal --use abort= -O3s --noAssert -o "$scratch/style.core.wasm"
wasm-tools print "$scratch/style.core.wasm" | sed \
  -e 's/(export "fold"/(export "demo:text\/fold@0.1.0#fold"/' \
  -e 's/(export "post_fold"/(export "cabi_post_demo:text\/fold@0.1.0#fold"/' \
  -e 's/(export "\(pad\|bar\|rule\)" (func \([^)]*\)))/(export "demo:text\/style@0.1.0#\1" (func \2))/' \
  -e 's/(export "post_text" (func \([^)]*\)))/(export "cabi_post_demo:text\/style@0.1.0#pad" (func \1)) (export "cabi_post_demo:text\/style@0.1.0#bar" (func \1)) (export "cabi_post_demo:text\/style@0.1.0#rule" (func \1))/' \
  > "$scratch/style.wat"
wasm-tools component embed wit --world styling "$scratch/style.wat" -o "$scratch/style.wasm"
wasm-tools component new "$scratch/style.wasm" -o style.wasm

# WebAssembly text
wasm-tools parse stats/stats.wat -o stats.wasm

for part in report words style stats; do
  wasm-tools strip --all --delete producers "$part.wasm" -o "$part.wasm"
  wasm-tools validate "$part.wasm"
done
wasm-tools compose report.wasm -c composed.yml -o composed.wasm
sha256sum report.wasm words.wasm style.wasm stats.wasm composed.wasm > sha256.txt
cat sha256.txt

# What a peer prints (PyPI wasmtime); PYTHON names a Python that has it, an empty one leaves the record as it is.
if [ -n "${PYTHON=python3}" ]; then
  "$PYTHON" ../../test/guests/peer.py "$(printf \
    '{"file":"composed.wasm","args":["--top","7"],"env":{},"stdin":"input.txt","stdout":"expected.txt","stderr":"/dev/null","dirs":[]}')"
fi
