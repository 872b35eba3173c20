"""Lists of clips to assess: a folder of clips, a CSV or TSV table, or JSON lines."""

from enunciate.clip_lists.read import read_clips, utterances_from
from enunciate.clip_lists.shard import Shard

__all__ = ["Shard", "read_clips", "utterances_from"]
