"""The engine of the paper (arXiv 2509.02915): a speech language model with an adapter does APA and MDD."""
