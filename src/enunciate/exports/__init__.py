"""Assessments in the files of other tools: CSV, Parquet and Praat's TextGrid."""
