#!/usr/bin/env bash
# The training step beside libtorch, in turns in one process. Needs the package TorchSharp-cpu (1.3 GB), a C compiler and Python 3.
set -euo pipefail
cd "$(dirname "$0")/Exponential.Peers"
dotnet build -c Release -v quiet -nologo
eval "$(./prepare-libtorch.sh)"
# libtorch's best settings: its waiting threads must not spin while ours work, and its large buffers must not go back to the system.
export OMP_WAIT_POLICY=passive MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456
exec dotnet "$(find bin/Release -name Exponential.Peers.dll | head -n 1)" "$@"
