"""A file as CTranslate2 writes it."""

import struct


def write_ctranslate2(path, arrays):
    def text(value):
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    parts = [struct.pack("<I", 6), text("WhisperSpec"), struct.pack("<II", 3, len(arrays))]
    kinds = {"float32": 0, "int8": 1, "float16": 4}
    for name, array in arrays.items():
        shape = struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
        parts += [
            text(name),
            shape,
            struct.pack("<BI", kinds[array.dtype.name], array.nbytes),
            array.tobytes(),
        ]
    path.write_bytes(b"".join(parts) + struct.pack("<I", 0))
