"""Phi-4-multimodal: everything that knows this base model by name.

`hub` names its checkpoint, `special_tokens` its chat format, `audio_frames` the limits and rates of its audio
encoder, `adapter_layout` the modules that adapters train, `config` its shape, and `model`, `causal_lm` and
`masked_audio` the network.
"""
