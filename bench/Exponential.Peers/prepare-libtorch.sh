#!/usr/bin/env bash
# Makes TorchSharp's native library load where libstdc++ lacks GLIBCXX_3.4.32 (Debian 12): defines the one symbol it wants from there,
# and marks that version requirement weak in the copy in the output folder. Prints the environment to run with.
set -euo pipefail
output=$(dirname "$(find "$(cd "$(dirname "$0")" && pwd)/bin/Release" -name libLibTorchSharp.so -not -path '*/cpu/*' | head -n 1)")
shim="$output/libios_base_init.so"
echo 'void _ZSt21ios_base_library_initv(void) {}' | cc -shared -fPIC -x c -o "$shim" -
python3 - "$output/libLibTorchSharp.so" <<'PYTHON'
import struct, sys
path = sys.argv[1]
data = bytearray(open(path, "rb").read())
section_table, = struct.unpack_from("<Q", data, 0x28)
entry_size, count = struct.unpack_from("<HH", data, 0x3A)
headers = [struct.unpack_from("<IIQQQQIIQQ", data, section_table + i * entry_size) for i in range(count)]
needs = next(h for h in headers if h[1] == 0x6FFFFFFE)  # SHT_GNU_verneed
strings = headers[needs[6]][4]
at = needs[4]
while True:
    _, auxiliaries, _, first, following = struct.unpack_from("<HHIII", data, at)
    aux = at + first
    for _ in range(auxiliaries):
        _, flags, _, name, step = struct.unpack_from("<IHHII", data, aux)
        text = data[strings + name : data.index(0, strings + name)]
        if text == b"GLIBCXX_3.4.32":
            struct.pack_into("<H", data, aux + 4, flags | 2)  # VER_FLG_WEAK
        aux += step
    if following == 0:
        break
    at += following
open(path, "wb").write(data)
PYTHON
echo "export LD_PRELOAD=$shim LD_LIBRARY_PATH=$output"
