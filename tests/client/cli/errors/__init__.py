"""The table of every error a person can meet: exit code, and what, why and next in words.

Each case provokes its error with a real profile, a real relay and nothing patched.
"""
