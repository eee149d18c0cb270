#!/usr/bin/env bash
# Writes the Markdown tables of docs/performance.md to bench/results: our kernels, our operations beside libtorch's, callers at once, and the mixing flow's
# training step and sampling. Under ten minutes once built.
#   --quick      the tables of operations and of callers at once, on the terminal, in under 45 s once built
#   --profile    where a training step and sampling spend their time, by entry of the backend and outside, and their memory, on the terminal
#   --no-avx512  both libraries without AVX-512: fractions of the Vector256 peak
# The peer needs the package TorchSharp-cpu (1.3 GB), a C compiler and Python 3; without one of them our own figures are printed.
set -euo pipefail
cd "$(dirname "$0")"
usage() {
  echo "usage: bench/run.sh [--quick|--profile] [--no-avx512]" >&2
  exit 2
}

quick=false
profile=false
suffix=
for argument in "$@"; do
  case "$argument" in
    --quick) quick=true ;;
    --profile) profile=true ;;
    --no-avx512)
      suffix=-no-avx512
      export DOTNET_EnableAVX512=0 ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2 ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' run.sh; exit ;;
    *) usage ;;
  esac
done
! $quick || ! $profile || usage

build() { dotnet build "$@" -c Release -v quiet -nologo -clp:NoSummary -p:RunAnalyzers=false; }
peers=Exponential.Peers/bin/Release/net10.0
if dotnet restore Exponential.Peers -v quiet -p:Peer=true && build Exponential.Peers --no-restore && environment=$(Exponential.Peers/prepare-libtorch.sh); then
  # libtorch's best settings: its waiting threads spin some 50 microseconds, as ours do, and not into our turn; its large buffers do not go back
  # to the system.
  run_peers() {
    (eval "$environment"; export OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=20000 MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456
      exec dotnet "$(find "$peers" -name Exponential.Peers.dll | head -n 1)" "$@")
  }
else
  echo "No peer: TorchSharp-cpu could not be restored or made to load (above). Our own figures only." >&2
  build Exponential.Peers -p:Peer=false
  run_peers() { dotnet "$(find "$peers" -name Exponential.Peers.dll | head -n 1)" "$@"; }
fi

if $profile; then
  run_peers --profile
  run_peers --profile --recompute convexp
  exit
fi

if $quick; then
  run_peers --quick
  exit
fi

mkdir -p results
run_peers | tee "results/operations$suffix.md"
build Exponential.Bench
artifacts=$(mktemp -d)
trap 'rm -rf "$artifacts"' EXIT
dotnet "$(find Exponential.Bench/bin/Release -name Exponential.Bench.dll | head -n 1)" --filter '*' --artifacts "$artifacts" > "$artifacts/log" ||
  { cat "$artifacts/log"; exit 1; }
for table in "$artifacts"/results/*-report-github.md; do
  printf '\n**%s**\n\n' "$(basename "$table" -report-github.md | sed 's/.*\.//')"
  cat "$table"
done | tee "results/kernels$suffix.md"
