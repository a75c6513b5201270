"""What is inside the one file, as a CycloneDX bill of materials: the program and every pinned wheel
with its hash. The same bytes every time: no date, no serial number of its own.

    python packaging/sbom.py dist/uni-api.cdx.json
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PINS = ("packaging/pure.txt", "packaging/pyyaml.txt")
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+) --hash=sha256:([0-9a-f]{64})", re.MULTILINE)


def component(name: str, version: str, digest: str) -> dict[str, object]:
    """One dependency. Its hash is that of the file that was fetched (for PyYAML the sources)."""
    purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }


def bill() -> dict[str, object]:
    version = (ROOT / "uniapi" / "VERSION").read_text().strip()
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in PINS]
    parts = [component(*pin) for text in texts for pin in PIN.findall(text)]
    program = f"pkg:pypi/uni-api@{version}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": program,
                "name": "uni-api",
                "version": version,
                "purl": program,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": parts,
        "dependencies": [{"ref": program, "dependsOn": [part["bom-ref"] for part in parts]}],
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(bill(), indent=1) + "\n", encoding="utf-8")
