"""The calls of the statistics tests are in sample_calls, the disks in
tests/storage/faulty_disks.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "storage"))
