"""The process of a run on a cluster of Ray, with an engine that can be made to die.

python ray_driver.py MANIFEST OUT FOLDER DELAY_S
"""

import json
import sys
from pathlib import Path

from support.dying_engine import FakeSettings

from enunciate.distributed.run import ClusterSettings, assess_on_ray

manifest, out, folder, delay_s = sys.argv[1:]
counts = assess_on_ray(
    manifest,
    Path(out),
    FakeSettings(folder=Path(folder), delay_s=float(delay_s)),
    ClusterSettings(workers=2, rows_per_part=40),
)
sys.stdout.write(json.dumps(vars(counts)) + "\n")
