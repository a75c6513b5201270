#!/bin/sh
# Runs what build_pex.sh made on this system: selfcheck, the purity proof, and the demo, which must answer a stream and stop with 0.
#   sh packaging/smoke.sh python3.11
set -eu
python=${1:-python3}
port=${PORT:-18000}
for file in dist/*.pex dist/*.pyz; do
    case $file in
        */uni-api-*.pex) continue ;; # the same bytes as uni-api.pex
        *.pex) PEX_INTERPRETER=1 "$python" "$file" packaging/purity.py ;;
        *.pyz) PYTHONPATH=$file "$python" packaging/purity.py ;;
    esac
    "$python" "$file" selfcheck --host 127.0.0.1 --port "$port"
    "$python" "$file" serve --demo --port "$port" &
    server=$!
    curl -sS --retry 20 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$port/v1/chat/completions" -H 'Authorization: Bearer sk-demo' \
        -d '{"model": "demo", "stream": true, "messages": [{"role": "user", "content": "Hello!"}]}' | grep -q 'data: \[DONE\]'
    kill "$server"
    wait "$server"
    echo "$file: fine"
done
