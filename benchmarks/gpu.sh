#!/bin/bash
# What only a GPU can tell, in two calls that fit a borrowed machine without network (benchmarks/README.md).
#
#   bash benchmarks/gpu.sh --prepare [IMAGES]   here: wheels, reference values and photographs into .gpu/
#   bash benchmarks/gpu.sh --rehearse           here: both calls with tiny sizes, without a GPU
#   bash benchmarks/gpu.sh 1 OUT                there, with the checkout and .gpu/: at most 440 s
#   bash benchmarks/gpu.sh 2 OUT                there: at most 390 s
set -eu
checkout=$(cd "$(dirname "$0")/.." && pwd)
python=python3
[ -x "$checkout/.venv/bin/python" ] && python=$checkout/.venv/bin/python
export PYTHONPATH=$checkout
exec "${PYTHON:-$python}" -m benchmarks.gpu "$@"
