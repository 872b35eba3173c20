"""GOP from the HMM-GMM acoustic model of pocketsphinx."""
