#!/usr/bin/env bash
# Measure on one CUDA GPU, in half an hour, and write gpu.md beside this file; `benchmarks/gpu.sh --help` has the options.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" benchmarks/gpu.py "$@"
