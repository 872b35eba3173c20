"""Registers Phi-4-multimodal as transformers has it with ms-swift, for `beside_ms_swift.py`.

ms-swift knows the model by the code that the checkpoint's `main` brings, and with it only. Clips of a batch
must be of one length. Run by `swift sft --external_plugins`, in ms-swift's own environment.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

from typing import Any

import soundfile
import torch
from swift.model import Model, ModelGroup, ModelMeta, register_model
from swift.model.register import ModelLoader
from swift.template import Template, register_template
from swift.template.templates.microsoft import Phi3TemplateMeta
from transformers import AutoTokenizer, Phi4MultimodalFeatureExtractor

NAME = "phi4_native"
AUDIO = -200
"""Stands for a clip until its length in tokens is known."""
FEATURES = ("audio_input_features", "audio_embed_sizes", "audio_attention_mask")


class NativeLoader(ModelLoader):
    """Takes a tokenizer and a feature extractor, because a folder for speech has no image processor."""

    default_trust_remote_code = False

    def get_processor(self, model_dir: str, config: Any) -> Any:
        """Return the tokenizer, with the feature extractor in it."""
        tokenizer = AutoTokenizer.from_pretrained(model_dir)
        tokenizer.clip_features = Phi4MultimodalFeatureExtractor.from_pretrained(model_dir)
        return tokenizer


class NativeTemplate(Template):
    """Puts the tokens of a clip where the dataset has <audio>."""

    def replace_tag(self, media_type: str, index: int, inputs: Any) -> list[list[int]]:
        """Read the clip."""
        inputs.audios[index] = soundfile.read(inputs.audios[index])[0]
        return [[AUDIO]]

    def _encode(self, inputs: Any) -> dict[str, Any]:
        encoded = super()._encode(inputs)
        features = self.tokenizer.clip_features(inputs.audios, sampling_rate=16_000, return_tensors="pt")
        place, tokens = encoded["input_ids"].index(AUDIO), int(features["audio_embed_sizes"][0])
        audio = self.tokenizer.convert_tokens_to_ids("<|audio|>")
        for name, value in (("input_ids", audio), ("labels", -100), ("loss_scale", 0.0)):
            if encoded.get(name):
                encoded[name][place : place + 1] = [value] * tokens
        return encoded | dict(features)

    def _data_collator(self, batch: list[dict[str, Any]], *, padding_to: int | None = None) -> dict[str, Any]:
        collated = super()._data_collator(batch, padding_to=padding_to)
        return collated | {k: torch.cat(v) for k, v in self.fetch_inputs(batch, FEATURES).items()}


register_template(Phi3TemplateMeta(NAME, template_cls=NativeTemplate))
register_model(
    ModelMeta(
        NAME,
        [ModelGroup([Model(NAME, NAME)])],
        NativeLoader,
        template=NAME,
        architectures=["Phi4MultimodalForCausalLM"],
        model_arch="phi4_multimodal",
    )
)
