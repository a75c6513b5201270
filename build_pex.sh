#!/bin/sh
# Builds everything that a release holds into dist/, from a clean clone, with one command:
#   sh build_pex.sh
# uni-api.pex (pure Python; also under three platforms' names), uni-api.pyz, the wheel, the sdist, install.sh, SHA256SUMS. Names stay the same from release to release
# (but for the wheel and the sdist, whose names are a rule of Python's), so that …/releases/latest/download/uni-api.pex is always the newest.
# PYTHON names the building interpreter. It must be 3.11: another minor puts other bytes in, and pex's pip for 3.12 and newer is not among our pins.
set -eu
cd "$(dirname "$0")"
umask 022
python=${PYTHON:-$(command -v python3.11 || command -v python3 || echo python3.11)}
if [ "$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" != 3.11 ]; then
    echo "build_pex: $python is not Python 3.11; name one that is: PYTHON=/path/to/python3.11 sh build_pex.sh" >&2
    exit 1
fi
# One fixed date and one seed for everything inside, so that two builds of the same sources are the same bytes, wherever and whenever.
export SOURCE_DATE_EPOCH=1700000000 PYTHONHASHSEED=0 PIP_DISABLE_PIP_VERSION_CHECK=1

rm -rf build dist
mkdir -p build/wheels build/targets build/stage build/zipapp dist
"$python" -m venv build/venv
build/venv/bin/pip install -q --require-hashes -r packaging/build-tools.txt

# 1. The wheels: pinned by hash, pure only. PyYAML has no pure wheel on PyPI and is made one from its sources.
build/venv/bin/pip download -q --no-deps --require-hashes --only-binary :all: --platform any --implementation py --abi none \
    --python-version 3.10 -d build/wheels -r packaging/pure.txt
PYYAML_FORCE_LIBYAML=0 build/venv/bin/pip wheel -q --no-cache-dir --no-deps --require-hashes --no-binary PyYAML \
    --build-constraint packaging/build-constraints.txt -w build/wheels -r packaging/pyyaml.txt
for wheel in build/wheels/*.whl; do
    case $wheel in
        *-py3-none-any.whl) ;;
        *) echo "build_pex: $wheel is not a pure wheel" >&2; exit 1 ;;
    esac
done

# 2. The program, and nothing else of this folder.
cp main.py build/stage/
"$python" packaging/lean.py uniapi build/stage/uniapi
find build/stage -type f -exec chmod 644 {} + -o -type d -exec chmod 755 {} +

# 3. One pex for every CPython minor on every system. Each of them is resolved by its own markers, though none but this one is at hand.
targets=$("$python" packaging/targets.py build/targets)
# shellcheck disable=SC2086  # the targets are words
build/venv/bin/pex --pex-root build/pex-root --no-pypi --find-links build/wheels $targets \
    -r requirements.txt async-timeout typing-extensions -D build/stage -m main --preamble-file packaging/preamble.py --sh-boot -o dist/uni-api.pex
"$python" packaging/slim.py dist/uni-api.pex
for platform in linux-x86_64 macos-arm64 freebsd-amd64; do
    cp dist/uni-api.pex "dist/uni-api-$platform.pex"
done

# 4. The same tree as a plain zipapp: needs no cache folder, for full quotas and systems that pex does not know.
for wheel in build/wheels/*.whl; do
    "$python" -m zipfile -e "$wheel" build/zipapp
done
cp -R build/stage/. build/zipapp/
mv build/zipapp/main.py build/zipapp/__main__.py
"$python" packaging/zipapp.py build/zipapp dist/uni-api.pyz

# 5. The wheel and the sdist, for pip, pipx and uvx.
mkdir build/wheel
cp pyproject.toml README.md LICENSE build/wheel/
cp -R build/stage/uniapi build/wheel/uniapi
build/venv/bin/python packaging/distributions.py wheel build/wheel dist
build/venv/bin/python packaging/distributions.py sdist . dist
chmod 644 dist/*.whl dist/*.tar.gz
# Where a release lies is known to whoever makes one: RELEASE_BASE=https://…/releases/latest/download sh build_pex.sh
sed "s|@BASE@|${RELEASE_BASE:-@BASE@}|" packaging/install.sh >dist/install.sh
"$python" packaging/sbom.py dist/uni-api.cdx.json
chmod 644 dist/install.sh dist/uni-api.cdx.json

# 6. What was built is pure, small, and runs.
"$python" packaging/verify.py dist/*.pex dist/*.pyz dist/*.whl dist/*.tar.gz
"$python" packaging/sums.py dist
ls -l dist
