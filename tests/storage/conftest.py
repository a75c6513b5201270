"""The disks of the storage and statistics tests are in faulty_disks."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
