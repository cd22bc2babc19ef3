"""The benchmarks' own logic; no speed is tested anywhere."""
