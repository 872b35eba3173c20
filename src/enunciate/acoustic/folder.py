"""The files of a folder of `pocket` weights."""

ENCODER = "encoder.onnx"
SCORER = "scorer.onnx"
FREE_SCORER = "scorer_without_text.onnx"
CALIBRATION = "calibration.json"
DESCRIPTION = "pocket.json"
PHONE_MODEL = "phones.npz"
