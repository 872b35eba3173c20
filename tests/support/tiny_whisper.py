"""An encoder like Whisper's that is small enough to train in a test, and a file of its weights."""

from pathlib import Path

import numpy as np

WIDTH, POSITIONS = 32, 400


def encoder_config():
    from enunciate.pocket.training.encoder_config import EncoderConfig

    return EncoderConfig(
        width=WIDTH, layers=1, heads=2, hidden=48, positions=POSITIONS, sound_width=16, melody_width=8
    )


def write_tiny_whisper(path: Path, seed: int = 0, layers: int = 1) -> Path:
    """Write random weights under CTranslate2's names, with sinusoids as positions."""
    rng = np.random.default_rng(seed)

    def matrix(*shape):
        return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    def linear(name, n_in, n_out):
        return {f"{name}/weight": matrix(n_out, n_in), f"{name}/bias": np.zeros(n_out, np.float32)}

    def norm(name):
        return {f"{name}/gamma": np.ones(WIDTH, np.float32), f"{name}/beta": np.zeros(WIDTH, np.float32)}

    angle = np.arange(POSITIONS)[:, None] * np.exp(-np.linspace(0, 9, WIDTH // 2))
    arrays = {"position_encodings/encodings": 0.1 * np.hstack((np.sin(angle), np.cos(angle)))}
    arrays |= {"conv1/weight": matrix(WIDTH, 80, 3), "conv1/bias": np.zeros(WIDTH, np.float32)}
    arrays |= {"conv2/weight": matrix(WIDTH, WIDTH, 3), "conv2/bias": np.zeros(WIDTH, np.float32)}
    arrays |= norm("layer_norm")
    for layer in (f"layer_{index}" for index in range(layers)):
        arrays |= norm(f"{layer}/self_attention/layer_norm") | norm(f"{layer}/ffn/layer_norm")
        arrays |= linear(f"{layer}/self_attention/linear_0", WIDTH, 3 * WIDTH)
        arrays |= linear(f"{layer}/self_attention/linear_1", WIDTH, WIDTH)
        arrays |= linear(f"{layer}/ffn/linear_0", WIDTH, 48) | linear(f"{layer}/ffn/linear_1", 48, WIDTH)
    np.savez(path, **{f"encoder/{name}": values for name, values in arrays.items()})
    return path
