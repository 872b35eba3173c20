"""The files of a folder of `pocket` weights."""

ENCODER = "encoder.onnx"
SCORER = "scorer.onnx"
SCORER_WITHOUT_REFERENCE = "scorer_without_text.onnx"
CALIBRATION = "calibration.json"
DESCRIPTION = "pocket.json"
PHONE_MODEL = "phones.npz"
