# The program with the environment of locked/; data stays in a clone that is mounted at /clone.
#   docker build --tag fashion-pggan:cpu .
#   docker build --tag fashion-pggan:cuda --build-arg TORCH=cuda .
# See docs/how-to/work-pools.md.
FROM python:3.12-slim-bookworm

# git: DVC needs it. make: the rules that install the environment
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /program
COPY . .

# cpu: PyTorch's CPU build; cuda: the one on PyPI, with NVIDIA's libraries
ARG TORCH=cpu
ENV PIP_NO_CACHE_DIR=1
RUN python -m venv /venv \
    && if [ "$TORCH" = cpu ]; then \
        /venv/bin/python -m pip install --no-deps --constraint constraints.txt torch \
            --index-url https://download.pytorch.org/whl/cpu; \
    fi \
    && make environment VENV=/venv \
    && git config --system --add safe.directory /clone

# any user may run it: what programs write beside the clone goes to /tmp
ENV PATH=/venv/bin:$PATH \
    HOME=/tmp \
    FASHION_PGGAN_CLONE=/clone
WORKDIR /clone
USER 1000
CMD ["fashion-pggan", "--help"]
