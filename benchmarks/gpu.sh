#!/bin/bash
# Everything that needs a GPU, in one call: tests, speed of every level and of the distance, a real training.
#
#   bash benchmarks/gpu.sh OUT [DATASET] [WHEELS]
#
# OUT      a folder for all results
# DATASET  a curated dataset (python -m curate …); without one, no real training
# WHEELS   a folder of wheels, for a machine without network; made elsewhere by
#          pip download -d WHEELS --only-binary=:all: --python-version 3.12 --no-deps pydantic pydantic-core …
set -u
out=$(mkdir -p "$1" && cd "$1" && pwd) dataset=${2:-} wheels=${3:-}
cd "$(dirname "$0")/.."
export PYTHONPATH=$PWD
[ -n "$wheels" ] && python3 -m pip install --quiet --no-index --no-deps "$wheels"/*.whl

nvidia-smi > "$out/nvidia-smi.txt"
python3 -c "import torch; print(torch.__version__, torch.version.cuda)" > "$out/torch.txt"

python3 -m pytest tests/train/test_cuda.py tests/fashion_pggan/distance/test_cuda.py -m gpu -q -p no:cacheprovider 2>&1 | tail -n 200 > "$out/tests.txt"

timeout 200 python3 -m benchmarks.swd --images 16384 --params presets/paper.yaml --device cuda --no-plain \
    > "$out/swd-16384.md" 2> "$out/swd-16384.log"
timeout 200 python3 -m benchmarks.swd --images 256 --params presets/paper.yaml --device cuda \
    > "$out/swd-256.md" 2> "$out/swd-256.log" # that it agrees with the plain version

python3 -m fashion_pggan.preset paper-1gpu --out "$out/paper-1gpu.yaml"
timeout 900 python3 -m benchmarks.train --params "$out/paper-1gpu.yaml" --seconds 1.5 \
    --ways eager eager-bf16 compiled-bf16 graph-bf16 > "$out/levels-1gpu.md" 2> "$out/levels-1gpu.log"
python3 -m fashion_pggan.preset paper-8gpu --set 'train.max_minibatch_per_device={}' --out "$out/paper-8gpu.yaml"
timeout 600 python3 -m benchmarks.train --params "$out/paper-8gpu.yaml" --seconds 1.5 \
    --ways compiled-bf16 graph-bf16 > "$out/levels-8gpu.md" 2> "$out/levels-8gpu.log"

if [ -n "$dataset" ]; then
    sed -e 's/^  precision: .*/  precision: bfloat16/' -e 's/^  compile: .*/  compile: true/' \
        -e 's/^  cuda_graphs: .*/  cuda_graphs: true/' presets/photos.yaml > "$out/params.yaml"
    timeout 600 python3 -m train run "$dataset" "$out/models" --params "$out/params.yaml" --runs "$out/runs" \
        --report "$out/train.json" --history "$out/training.csv" 2> "$out/train.log"
    timeout 300 python3 -m evaluate snapshots "$dataset" "$out/models" "$out/reports" \
        --params "$out/params.yaml" --device cuda > "$out/swd.txt" 2> "$out/swd.log"
    rm -rf "$out/runs"
fi
ls -la "$out"
