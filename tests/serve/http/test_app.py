"""The modules that the web process loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from support.paths import SOURCE


def test_the_web_process_imports_no_engine():
    """NumPy and soundfile are loaded with `schema` and `audio`, but nothing is decoded in this process."""
    code = "import json, sys, enunciate.serve.http.server; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = json.loads(done.stdout)
    ours = {name.split(".")[1] for name in loaded if name.startswith("enunciate.")}
    opening = {"audio", "audio_file", "media_container", "sound_level"}
    assert ours == opening | {"errors", "phones", "reading", "schema", "serve"}
    assert "av" not in loaded
    assert "enunciate.serve.workers.worker" not in loaded
    assert not {"onnxruntime", "torch", "transformers"} & set(loaded)
