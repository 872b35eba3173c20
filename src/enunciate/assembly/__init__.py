"""The one assembler: what an engine found becomes words, errors, completeness and warnings.

`assembler` builds every `Assessment`. `words` derives words from phones, `omissions` says when a word counts
as omitted, and `warnings` holds the words of all warnings. Engines that recognise phones without the
reference text come in through `heard`, which compares the phones heard with the canonical ones (`diagnosis`).
"""
