#!/bin/sh
# Builds dist/uni-api-PLATFORM-VERSION.pex (one pure-Python file under three names), dist/uni-api-VERSION.pyz and SHA256SUMS, from a clean clone, with one command:
#   sh build_pex.sh
# PYTHON names the building interpreter (default python3.11: another minor gives another order of names inside, so not the same bytes).
set -eu
cd "$(dirname "$0")"
umask 022
python=${PYTHON:-$(command -v python3.11 || command -v python3)}
version=$(cat VERSION)
# One fixed date for everything inside, so that two builds of the same sources are the same bytes.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct -- requirements.txt packaging 2>/dev/null || true)
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-1700000000}" PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONHASHSEED=0

rm -rf build dist
mkdir -p build/wheels build/targets build/stage dist
"$python" -m venv build/venv
build/venv/bin/pip install -q pip==26.3 pex==2.105.2

# 1. The wheels: pinned by hash, pure only.
build/venv/bin/pip download -q --no-deps --require-hashes --only-binary :all: --platform any --implementation py --abi none \
    --python-version 3.10 -d build/wheels -r packaging/pure.txt
PYYAML_FORCE_LIBYAML=0 PIP_CONSTRAINT="$PWD/packaging/build-constraints.txt" build/venv/bin/pip wheel -q --no-cache-dir --no-deps --require-hashes \
    --no-binary PyYAML -w build/wheels -r packaging/pyyaml.txt
for wheel in build/wheels/*.whl; do
    case $wheel in
        *py3-none-any.whl) ;;
        *) echo "build_pex: $wheel is not a pure wheel" >&2; exit 1 ;;
    esac
done

# 2. The sources, and nothing else of this folder.
cp main.py VERSION build/stage/
cp -R uniapi build/stage/uniapi
find build/stage -name __pycache__ -prune -exec rm -rf {} +

# 3. One pex for every CPython minor and system.
"$python" packaging/targets.py build/targets
build/venv/bin/pex --pex-root build/pex-root --no-pypi --find-links build/wheels \
    --complete-platform build/targets/py312.json --complete-platform build/targets/py313.json --complete-platform build/targets/py311.json \
    --complete-platform build/targets/py314.json --complete-platform build/targets/py310.json \
    aiohttp PyYAML aiohttp-socks async-timeout typing-extensions \
    -D build/stage -m main --sh-boot -o build/uni-api.pex
for platform in linux-x86_64 macos-arm64 freebsd-amd64; do
    cp build/uni-api.pex "dist/uni-api-$platform-$version.pex"
done

# 4. The same tree as a plain zipapp: needs no cache folder, for full quotas and systems that pex does not know.
mkdir build/zipapp
for wheel in build/wheels/*.whl; do
    "$python" -m zipfile -e "$wheel" build/zipapp
done
cp -R build/stage/. build/zipapp/
mv build/zipapp/main.py build/zipapp/__main__.py
"$python" packaging/zipapp.py build/zipapp "dist/uni-api-$version.pyz"

# 5. What was built runs, and is pure.
"$python" packaging/verify.py "dist/uni-api-linux-x86_64-$version.pex" "dist/uni-api-$version.pyz"
(cd dist && sha256sum ./*.pex ./*.pyz | sed 's#\./##' >SHA256SUMS)
ls -l dist
