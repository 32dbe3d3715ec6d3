# The same two commands in a container: docker build -t party-cells . && docker run party-cells
# Not built where it was written (no Docker there); its lines are those of README and .ci/run.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
    git make python3.11 python3.11-venv chromium && rm -rf /var/lib/apt/lists/*
WORKDIR /party-cells
COPY . .
RUN make report
CMD ["make", "test"]
